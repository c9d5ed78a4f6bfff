"""Fakes of the stack and the streams, shared by the snapshots and the Pilot tests."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pipeline.contract import TIME_COLUMN
from pipeline.errors import ChangedError, PipelineError
from pipeline.model import (
    Checkpoint,
    Health,
    JobDetail,
    JobFailure,
    JobMetrics,
    JobState,
    JobStatus,
    RestorePoint,
    Resume,
    RollingRow,
    SimulatorCommand,
    SimulatorStatus,
    SinkColumn,
    Slots,
    StackStatus,
    Step,
    StepState,
    Transaction,
    WindowRow,
)
from tui.session.backend import ReportProgress, ReportSteps
from tui.streams.record_view import RecordView
from tui.streams.sink_topics import FLAGGED, ROLLING, TUMBLING, Placed
from tui.streams.source import Batch, Extent

NOW = 1_700_000_000.0
GATE_SECONDS = 150.0
"""Longer than any test: what waits at a closed gate waits until the test opens it."""
EVENT_TIME = datetime(2023, 3, 4, 17, 22, 10)

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
        calls: The calls in order, without `status`.
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
    calls: list[str] = field(default_factory=list)

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
        return self._finish(name, JobState.STOPPED, job_id="", started_at=None, **kept)

    def metrics(self) -> dict[str, JobMetrics]:
        if isinstance(self.stack, Exception):
            raise self.stack
        return self.running_metrics

    def job_detail(self, name: str) -> JobDetail:
        if isinstance(self.stack, Exception):
            raise self.stack
        return replace(DETAIL, name=name)

    def simulate(self, change: SimulatorCommand) -> SimulatorStatus:
        given = {name: getattr(change, name) for name in ("running", "rate", "speed", "paused")}
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
        (job,) = (job for job in self.stack.jobs if job.name == name)
        job = replace(job, state=state, **changes)
        jobs = tuple(job if other.name == name else other for other in self.stack.jobs)
        self.stack = replace(self.stack, jobs=jobs)
        return job


class FakeSource:
    """Returns its batches, then empty ones; an exception among them is raised."""

    def __init__(self, *batches: Batch | Exception, error: str = "") -> None:
        self.batches = deque(batches)
        self.error = error
        self.polls = 0
        self.closed = False

    def poll(self) -> Batch:
        self.polls += 1
        if not self.batches:
            threading.Event().wait(0.005)
            return Batch(error=self.error)
        batch = self.batches.popleft()
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self) -> None:
        self.closed = True


def transaction(number: int = 0, **changes: Any) -> Transaction:
    """One of a series of transactions."""
    values: dict[str, Any] = {
        "trans_date_trans_time": EVENT_TIME - timedelta(seconds=73 * number),
        "cc_num": 4_613_314_721_966,
        "merchant": _MERCHANTS[number % len(_MERCHANTS)],
        "category": _CATEGORIES[number % len(_CATEGORIES)],
        "amt": round(12.5 + 173.17 * (number * 7 % 11), 2),
        "first": _FIRST[number % len(_FIRST)],
        "last": _LAST[number % len(_LAST)],
        "zipcode": "28654",
        "dob": "1988-03-09",
        "trans_num": f"{number:032x}",
        "is_fraud": 1,
        "user_id": user(number),
    }
    return Transaction(**(values | changes))


def user(number: int) -> int:
    return (number * 0x9E37_79B9_7F4A_7C15 + 0x1234_5678_9ABC_DEF1) % 2**64 - 2**63


def rolling(number: int, **changes: Any) -> RollingRow:
    """One of a series of rolling rows, each of another user."""
    values: dict[str, Any] = {
        "user_id": user(number),
        "user_mean_trans_amt_last_360min": 18.4 + (number * 7919 % 997) * 2.31,
        "user_trans_count_last_360min": 1 + number * 13 % 17,
        "trans_date_trans_time": EVENT_TIME - timedelta(seconds=41 * number),
    }
    return RollingRow(**(values | changes))


def window_row(window: int, number: int) -> WindowRow:
    """One user of one of a series of windows, going back in time."""
    start = datetime(2023, 3, 4, 6) - timedelta(hours=6 * window)
    return WindowRow(
        window_start=start,
        window_end=start + timedelta(hours=6),
        user_id=user(number),
        mean=14.2 + ((number + 3 * window) * 6151 % 991) * 1.77,
        count=1 + (number + window) * 5 % 9,
    )


def flagged(number: int, **changes: Any) -> Placed[Transaction]:
    """One of a series of flagged transactions; the highest number came first."""
    values = {"user_id": user(number * number % 29)} | changes
    return as_flagged(transaction(number, **values), number % 4, 4_000 - number)


def as_flagged(row: Transaction, partition: int, offset: int) -> Placed[Transaction]:
    """A flagged transaction in the record that it was read from."""
    fields = {**msgspec.structs.asdict(row), TIME_COLUMN: str(row.trans_date_trans_time)}
    # A lone surrogate cannot be written as UTF-8; in JSON it is an escape.
    value = json.dumps(fields, ensure_ascii=False).encode(errors="backslashreplace")
    key = str(row.user_id).encode()
    record = RecordView(FLAGGED.topic, partition, offset, int(NOW * 1000), key, value)
    return Placed(record, row)


def rows_of_sinks(
    rolling: Sequence[RollingRow] = (),
    windows: Mapping[str, Sequence[WindowRow]] | None = None,
    flagged: Sequence[Placed[Transaction]] = (),
) -> Mapping[str, Sequence[Any]]:
    """Rows of sink topics as in a batch; `windows` by their kind."""
    return {ROLLING.feature: rolling, **(windows or {}), FLAGGED.feature: flagged}


def batch_of(
    *,
    rolling: Sequence[RollingRow] = (),
    windows: Mapping[str, Sequence[WindowRow]] | None = None,
    flagged: Sequence[Placed[Transaction]] = (),
    **others: Any,
) -> Batch:
    """A batch with rows of sink topics."""
    return Batch(sinks=rows_of_sinks(rolling, windows, flagged), **others)


def live_batch() -> Batch:
    """A batch with enough rows to fill the tables."""
    return batch_of(
        transactions=[transaction(number, is_fraud=0) for number in range(520)],
        rolling=[rolling(number) for number in range(180)],
        extents={
            number: Extent(
                0, EVENT_TIME - timedelta(hours=10), EVENT_TIME - timedelta(seconds=number)
            )
            for number in range(4)
        },
        windows={
            "tumbling": [window_row(window, number) for window in range(9) for number in range(84)]
        },
        flagged=[flagged(number) for number in reversed(range(46))],
        lag=0,
    )


def unreachable(what: str = "Flink at http://127.0.0.1:8081") -> PipelineError:
    """The error of an unreachable service."""
    return PipelineError(
        f"{what} does not answer.", "See whether it runs with `fraudwatch status`."
    )


Connect = Callable[[], FakeBackend]


_MERCHANTS = (
    "fraud_Olson, Becker and Koch",
    "fraud_Kilback LLC",
    "fraud_Rutherford-Mertz",
    "fraud_Heller, Gutmann and Zieme",
    "fraud_Lind-Buckridge",
)
_CATEGORIES = ("gas_transport", "grocery_pos", "shopping_net", "misc_net", "entertainment")
_FIRST = ("Jennifer", "Stephanie", "Edward", "Tyler", "José")
_LAST = ("Banks", "Gill", "Sanchez", "White-Garcia", "Müller")
