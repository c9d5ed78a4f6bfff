"""Fakes of the stack and the streams, shared by the snapshots and the Pilot tests."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import msgspec

from pipeline.errors import ChangedError, PipelineError
from pipeline.findings import Findings
from pipeline.labels.verdict import Decision, Subject
from pipeline.model.held_tests import WantedTest, WrittenTest
from pipeline.model.jobs import (
    Checkpoint,
    JobDetail,
    JobFailure,
    JobMetrics,
    JobState,
    JobStatus,
    RestorePoint,
    Resume,
)
from pipeline.model.simulator import SimulatorCommand, SimulatorStatus
from pipeline.model.sinks import Sink, SinkColumn, WindowShape
from pipeline.model.stack import Health, Slots, StackStatus, Step, StepState
from pipeline.proof import Proof
from pipeline.signals.standing import Change, Standing, What
from pipeline.signals.trees import Spread
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.masking import OPEN, Mask
from tui.session.backend import ReportProgress, ReportSteps
from tui.streams.sink_topics import CUMULATING, FLAGGED, HOPPING, ROLLING, TUMBLING

from .sample_findings import PROOF
from .sample_rows import EVENT_TIME, NOW

GATE_SECONDS = 150.0
"""Longer than any test: what waits at a closed gate waits until the test opens it."""

JOBS = (
    JobStatus("rolling", JobState.RUNNING, ROLLING.topic, "a1", NOW - 754),
    JobStatus("tumbling", JobState.RUNNING, TUMBLING.topic, "b2", NOW - 754),
    JobStatus("flagged", JobState.RUNNING, FLAGGED.topic, "c3", NOW - 21),
)

_KEPT: dict[str, Any] = {"savepoint": "/s/1", "savepoint_at": NOW}

METRICS = {
    "rolling": JobMetrics(
        records_in=104.2,
        records_out=104.0,
        pending=12,
        watermark=EVENT_TIME - timedelta(seconds=15),
        late=0,
        checkpoint=Checkpoint(NOW - 4, 0.21, 1_234_567),
        backpressure=0.0,
        busy=0.08,
        restarts=0,
    ),
    "tumbling": JobMetrics(
        records_in=103.8,
        records_out=31.0,
        pending=25_310,
        watermark=EVENT_TIME - timedelta(seconds=18),
        late=3,
        checkpoint=Checkpoint(NOW - 7, 0.34, 987_654),
        backpressure=0.42,
        busy=0.97,
        restarts=2,
    ),
    "flagged": JobMetrics(records_in=104.0, records_out=0.6, pending=0, restarts=0),
}

DETAIL = JobDetail(
    name="rolling",
    description="Mean amount and number of a user's transactions in the last 360 minutes.",
    topic=ROLLING.topic,
    columns=(
        SinkColumn("user_id", "int64", computed=False),
        SinkColumn("user_mean_trans_amt_last_360min", "float64", computed=True),
        SinkColumn("user_trans_count_last_360min", "int64", computed=True),
        SinkColumn("trans_date_trans_time", "timestamp(3)", computed=False),
    ),
    expression="r0 := UnboundTable: transaction\n  amt     float64\n  user_id int64\n\n"
    "Project[r0]\n  user_id: r0.user_id\n  mean:    WindowFunction(func=Mean(r0.amt))",
    sql="CREATE TEMPORARY TABLE `transaction_raw` (\n  `amt` DOUBLE\n) WITH (\n"
    "  'connector' = 'kafka'\n);\n\nINSERT INTO `rolling_sink`\nSELECT\n  AVG(`t0`.`amt`) OVER "
    "(RANGE BETWEEN INTERVAL '360' MINUTE(3) PRECEDING AND CURRENT ROW)\nFROM `transaction`;\n",
    restore_points=(
        RestorePoint("file:///state/checkpoints/a1/chk-71", NOW - 4, "checkpoint", resumes=True),
        RestorePoint("file:///state/savepoints/savepoint-a1-5", NOW - 7_300, "savepoint"),
    ),
    failures=(
        JobFailure(
            NOW - 320,
            "org.apache.flink.util.FlinkException: the TaskManager was lost\n"
            "\tat org.apache.flink.runtime.A.b(A.java:17)\nCaused by: java.io.IOException: gone\n",
        ),
    ),
)

_HOUR = timedelta(hours=1)


def sink(
    feature: str, topic: str, *columns: SinkColumn, windows: WindowShape | None = None
) -> Sink:
    """The sink of a feature of transactions."""
    return Sink(
        feature,
        topic,
        columns,
        source="transaction",
        time="trans_date_trans_time",
        user="user_id",
        windows=windows,
    )


SINKS = (
    sink("rolling", ROLLING.topic, *DETAIL.columns),
    sink("tumbling", TUMBLING.topic, windows=WindowShape(6 * _HOUR, 6 * _HOUR)),
    sink("flagged", FLAGGED.topic),
    sink("hopping", HOPPING.topic, windows=WindowShape(6 * _HOUR, _HOUR)),
    sink("cumulating", CUMULATING.topic, windows=WindowShape(24 * _HOUR, _HOUR, cumulates=True)),
)

STATUS = StackStatus(
    profile="local",
    kafka=Health.UP,
    flink=Health.UP,
    bootstrap="127.0.0.1:9092",
    rest="http://127.0.0.1:8081",
    slots=Slots(8, 5),
    simulator=SimulatorStatus(up=True, rate=104.0, speed=720.0, sent=12_345),
    jobs=JOBS,
)

STEPS_HALF_WAY = (
    Step("jars", "Kafka and Flink jars", StepState.DONE, "48 files", 0.2),
    Step("kafka", "Kafka broker", StepState.DONE, "127.0.0.1:9092", 1.8),
    Step("flink", "Flink", StepState.RUNNING, "", 2.4),
    Step("topics", "Topics", StepState.RUNNING, "", 0.3),
    Step("simulator", "Simulator"),
    Step("jobs", "Feature jobs"),
)

STEPS_FAILED = (
    Step("jars", "Kafka and Flink jars", StepState.DONE, "48 files", 0.2),
    Step("kafka", "Kafka broker", StepState.FAILED, "it ended with exit code 1", 3.1),
    *(replace(step, state=StepState.WAITING, detail="", seconds=0) for step in STEPS_HALF_WAY[2:]),
)


def _set() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


class Clock:
    """A clock that only moves when it is set."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@dataclass
class FakeBackend:
    """A stack without processes.

    Attributes:
        stack: What `status` returns; an exception is raised instead.
        steps: Reported by `bring_up`.
        failure: Raised by `bring_up`, after the steps.
        gate: `bring_up` waits for it after the steps, jobs before they change.
        job_failure: Raised by `start_job` and `stop_job`.
        simulator_failure: Raised by `simulate`.
        close_gate: `close` waits for it.
        changed: Whether jobs have changed since their state was saved.
        running_metrics: What `metrics` returns.
        features: What `sinks` returns.
        own: The sources besides the tutorial's.
        stands: What `standing` returns.
        trained: What `spreads` returns.
        proof: What `prove` finds, of the present run; an exception is raised instead.
        found: What `findings` returns.
        calls: The calls in order, without `status` and `prove_on`.
        proves_on: How often `prove_on` was called.
    """

    stack: StackStatus | Exception = STATUS
    steps: tuple[Step, ...] = ()
    failure: Exception | None = None
    gate: threading.Event = field(default_factory=_set)
    job_failure: Exception | None = None
    simulator_failure: Exception | None = None
    close_gate: threading.Event = field(default_factory=_set)
    changed: bool = False
    attaches: bool = False
    running_metrics: dict[str, JobMetrics] = field(default_factory=lambda: dict(METRICS))
    features: tuple[Sink, ...] = SINKS
    own: tuple[Source, ...] = ()
    stands: Standing = field(default_factory=Standing)
    trained: Mapping[str, Spread] = field(default_factory=dict)
    proof: Proof | Exception = PROOF
    found: Findings | None = None
    calls: list[str] = field(default_factory=list)
    proves_on: int = 0

    @property
    def bootstrap(self) -> str:
        return self.stack.bootstrap if isinstance(self.stack, StackStatus) else ""

    def __post_init__(self) -> None:
        self._report: ReportSteps | None = None
        self._reported = threading.Event()

    def report(self, steps: tuple[Step, ...]) -> None:
        """Report steps of the start, after its first ones have been reported."""
        assert self._reported.wait(GATE_SECONDS)
        assert self._report is not None
        self._report(steps)

    def bring_up(self, report: ReportSteps) -> None:
        self.calls.append("bring_up")
        self._report = report
        report(self.steps)
        self._reported.set()
        self.gate.wait(GATE_SECONDS)
        if self.failure is not None:
            raise self.failure

    def sinks(self) -> tuple[Sink, ...]:
        return self.features

    def set_threshold(self, name: str, threshold: float) -> None:
        self.calls.append(f"threshold {name} {threshold:g}")
        if self.job_failure is not None:
            raise self.job_failure

    def spreads(self, name: str) -> Mapping[str, Spread]:
        return self.trained

    def standing(self) -> Standing:
        return self.stands

    def promote(self, name: str) -> Standing:
        return self._live(What.PROMOTED, name)

    def roll_back(self) -> Standing:
        return self._live(What.ROLLED_BACK, self.stands.changes[-1].before)

    def _live(self, what: What, name: str) -> Standing:
        self.calls.append(f"{what} {name}")
        if self.job_failure is not None:
            raise self.job_failure
        change = Change(what=what, signal=name, at=NOW, by=self.analyst, before=self.stands.live)
        self.stands = Standing(name, (*self.stands.changes, change))
        return self.stands

    @property
    def analyst(self) -> str:
        return "ann"

    def judge(self, subject: Subject, decision: Decision, note: str) -> None:
        self.calls.append(" ".join(["judge", subject.identity, decision, *[note] * bool(note)]))
        if self.job_failure is not None:
            raise self.job_failure

    def sources(self) -> tuple[Source, ...]:
        return (TRANSACTION, *self.own)

    def mask_of(self, topic: str) -> Mask:
        return OPEN

    def status(self) -> StackStatus:
        if isinstance(self.stack, Exception):
            raise self.stack
        return self.stack

    def start_job(
        self, name: str, report: ReportProgress, *, resume: Resume = Resume.UNCHANGED
    ) -> JobStatus:
        how = "" if resume is Resume.UNCHANGED else f" {resume}"
        self.calls.append(f"start {name}{how}")
        if self.changed and not how:
            raise ChangedError(name, "savepoint of 2023-03-04 17:00", original_known=True)
        report("waiting for its tasks")
        return self._finish(name, JobState.RUNNING, started_at=NOW, savepoint="")

    def stop_job(self, name: str, report: ReportProgress, *, discard: bool = False) -> JobStatus:
        self.calls.append(f"{'cancel' if discard else 'stop'} {name}")
        kept = {"savepoint": "", "savepoint_at": None} if discard else _KEPT
        return self._finish(name, JobState.STOPPED, job_id="", run="", started_at=None, **kept)

    def metrics(self) -> dict[str, JobMetrics]:
        if isinstance(self.stack, Exception):
            raise self.stack
        return self.running_metrics

    def job_detail(self, name: str) -> JobDetail:
        if isinstance(self.stack, Exception):
            raise self.stack
        return replace(DETAIL, name=name)

    def findings(self, name: str) -> Findings | None:
        if isinstance(self.stack, Exception):
            raise self.stack
        return self.found

    def prove_on(self, report: ReportProgress) -> None:
        self.proves_on += 1

    def write_test(self, wanted: WantedTest, report: ReportProgress) -> WrittenTest:
        kind = "shrink" if wanted.smallest else "hold"
        row = " ".join(f"{name}={value}" for name, value in wanted.row.items())
        self.calls.append(f"{kind} {wanted.feature} {row}")
        report("starting a stack of its own")
        self.gate.wait(GATE_SECONDS)
        report("trying 2 records of 4")
        if self.job_failure is not None:
            raise self.job_failure
        return WrittenTest("4 records and their rows are held by", "/somewhere/test_it_holds.py")

    def prove(self, name: str, report: ReportProgress) -> Proof:
        self.calls.append(f"prove {name}")
        report("reading transactions: 9,317")
        self.gate.wait(GATE_SECONDS)
        if isinstance(self.proof, Exception):
            raise self.proof
        assert isinstance(self.stack, StackStatus)
        runs = {job.name: job.run for job in self.stack.jobs}
        proof = msgspec.structs.replace(self.proof, run=runs[name])
        jobs = (replace(job, proof=proof) if job.name == name else job for job in self.stack.jobs)
        self.stack = replace(self.stack, jobs=tuple(jobs))
        return proof

    def simulate(self, change: SimulatorCommand) -> SimulatorStatus:
        names = ("running", "rate", "speed", "paused", "patterns", "label_delay")
        given = {name: getattr(change, name) for name in names}
        words = [f"{name}={value}" for name, value in given.items() if value is not None]
        self.calls.append(" ".join(["simulate", *words, *["fraud"] * change.inject_fraud]))
        self.gate.wait(GATE_SECONDS)
        if self.simulator_failure is not None:
            raise self.simulator_failure
        assert isinstance(self.stack, StackStatus)
        running = given.pop("running")
        changes = {name: value for name, value in given.items() if value is not None}
        if running is not None:
            changes["up"] = running
        simulator = replace(self.stack.simulator, **changes)
        self.stack = replace(self.stack, simulator=simulator)
        return simulator

    def close(self) -> None:
        self.calls.append("close")
        self.close_gate.wait(GATE_SECONDS)

    def _finish(self, name: str, state: JobState, **changes: Any) -> JobStatus:
        self.gate.wait(GATE_SECONDS)
        if self.job_failure is not None:
            raise self.job_failure
        assert isinstance(self.stack, StackStatus)
        jobs = {job.name: job for job in self.stack.jobs}
        # A job that runs on request is listed once it was started.
        job = replace(jobs.get(name) or JobStatus(name, state, name), state=state, **changes)
        self.stack = replace(self.stack, jobs=tuple({**jobs, name: job}.values()))
        return job


def unreachable(what: str = "Flink at http://127.0.0.1:8081") -> PipelineError:
    """The error of an unreachable service."""
    return PipelineError(
        f"{what} does not answer.", "See whether it runs with `fraudwatch status`."
    )
