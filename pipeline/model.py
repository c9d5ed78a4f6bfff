"""The records that the parts exchange: frozen, slotted, without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from typing import Annotated, Final

import msgspec

from pipeline.proof import Proof
from pipeline.text.words import counted

FASTEST: Final = 1_000_000
"""Upper bound of the simulator's rate per second and of its speed."""
Pace = Annotated[float, msgspec.Meta(gt=0, le=FASTEST)]
LONGEST_LABEL_DELAY: Final = 365 * 86_400
"""Upper bound of the median delay of the simulator's labels, in seconds of event time."""
LabelDelay = Annotated[float, msgspec.Meta(ge=0, le=LONGEST_LABEL_DELAY)]


class Pattern(StrEnum):
    """Fraud of the simulator beyond bursts, which it always has."""

    TESTING = "testing"
    TAKEOVER = "takeover"
    MERCHANT = "merchant"


class Reset(Enum):
    """The end of a topic to start reading from, as in Kafka's `auto.offset.reset`."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Last:
    """The last `count` records of a topic, an equal share from each partition, and then new ones.

    Offsets of deleted and compacted records count too.
    """

    count: int


@dataclass(frozen=True, slots=True)
class Since:
    """From the first record whose Kafka timestamp is `timestamp_ms` or later."""

    timestamp_ms: int


Start = Reset | Last | Since
"""Where to start reading a topic."""


class JobState(StrEnum):
    """State of a feature job: Flink's states, and `STARTING`, `STOPPING` and `STOPPED`."""

    STARTING = "STARTING"
    CREATED = "CREATED"
    RUNNING = "RUNNING"
    RESTARTING = "RESTARTING"
    STOPPING = "STOPPING"
    FAILED = "FAILED"
    STOPPED = "STOPPED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class JobStatus:
    """The current status of one feature job.

    Attributes:
        name: The feature's name.
        state: The job's state.
        topic: The sink topic.
        job_id: Flink's id of the running job; empty when it does not run.
        started_at: When the running job started, in seconds since the epoch; None when it does not
            run.
        savepoint: Path of the savepoint that a start resumes from; empty when there is none.
        savepoint_at: When that savepoint was taken, in seconds since the epoch.
        failure: Why the job failed, in one line; empty when it did not.
        run: Names one run of its tasks: it changes whenever they are restarted; empty when the job
            does not run.
        proof: The last comparison of its rows with their batch recomputation; None before the
            first.
    """

    name: str
    state: JobState
    topic: str
    job_id: str = ""
    started_at: float | None = None
    savepoint: str = ""
    savepoint_at: float | None = None
    failure: str = ""
    run: str = ""
    proof: Proof | None = None

    @property
    def proof_is_past(self) -> bool:
        """Whether its tasks have been restarted since its last proof."""
        return self.proof is not None and bool(self.run) and self.proof.run != self.run


@dataclass(frozen=True, slots=True)
class OtherJob:
    """A running job of the cluster that fraudwatch did not submit; shown, never touched.

    Attributes:
        name: Its name in Flink: untrusted text.
        state: Flink's state.
        job_id: Flink's id.
        started_at: In seconds since the epoch.
    """

    name: str
    state: str
    job_id: str
    started_at: float


class Resume(StrEnum):
    """What a start does with state that another definition of the job produced."""

    UNCHANGED = "unchanged"
    """Refuse to start; state of the same definition is used."""
    FRESH = "fresh"
    """Discard all state of the job."""
    AS_BEFORE = "as-before"
    """Run the definition that produced the state."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A job's last completed checkpoint.

    Attributes:
        at: When it completed, in seconds since the epoch.
        seconds: How long it took.
        size: In bytes.
    """

    at: float
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class JobMetrics:
    """Metrics of a running job; None where Flink reports nothing, as in a job's first seconds.

    Attributes:
        records_in: Records read per second.
        records_out: Records written per second.
        pending: Records in Kafka that the job has not read: its lag.
        watermark: The lowest watermark of the job's operators.
        late: Late records dropped since the job's last start.
        checkpoint: The last completed checkpoint.
        checkpoints_failed: Number of failed checkpoints.
        backpressure: Share of time that the most backpressured task is blocked, 0 to 1.
        busy: Share of time that the busiest task is busy, 0 to 1.
        restarts: How often Flink restarted the job.
        partitions: Topic and number of each partition that the job has discovered; the topic as
            Flink spells it in its metrics.
    """

    records_in: float | None = None
    records_out: float | None = None
    pending: int | None = None
    watermark: datetime | None = None
    late: int | None = None
    checkpoint: Checkpoint | None = None
    checkpoints_failed: int = 0
    backpressure: float | None = None
    busy: float | None = None
    restarts: int | None = None
    partitions: frozenset[tuple[str, int]] = frozenset()

    @property
    def lags(self) -> bool:
        """Whether the lag exceeds the few hundred records that every running job has."""
        return self.pending is not None and self.pending > 10_000


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """A savepoint or retained checkpoint that a job can be restored from.

    Attributes:
        path: As Flink names it.
        at: When it was taken, in seconds since the epoch; None when that is unknown.
        kind: `savepoint` or `checkpoint`.
        resumes: Whether the next start restores this one.
    """

    path: str
    at: float | None
    kind: str
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class JobFailure:
    """An exception of a job, with its stack trace; `at` in seconds since the epoch."""

    at: float
    trace: str


@dataclass(frozen=True, slots=True)
class SinkColumn:
    """A column of a feature's topic.

    Attributes:
        name: The field's name.
        type: An Ibis type name.
        computed: Whether it is a result, rather than part of what identifies the row.
        hidden: Whether its values are not shown.
    """

    name: str
    type: str
    computed: bool
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class WindowShape:
    """The windows of a feature, aligned to the epoch.

    Attributes:
        size: The length of a window, or of the longest one of those that start together.
        step: From the end of a window to the end of the next one.
        cumulates: Whether windows that start together end one step after another.
    """

    size: timedelta
    step: timedelta
    cumulates: bool = False


@dataclass(frozen=True, slots=True)
class Sink:
    """The topic that a feature's job writes.

    Attributes:
        feature: The feature's name.
        topic: The topic, without the profile's prefix.
        columns: Its columns, in order.
        source: The topic that the feature reads, without the profile's prefix.
        time: The event time of what it reads, as a column.
        user: The column with the user; None if there is none.
        windows: The windows whose results it holds; None for other features, and if unknown.
        threshold: The score from which a row is an alert; None for what is no signal.
        amount: The column with the amount, in a signal's rows; None if there is none.
        label: The column that says whether a record is fraud, in a signal's rows; None likewise.
        identity: The column that names a record, in a signal's rows; None likewise.
        since: From when on a signal's rows are of its present definition, in seconds since the
            epoch; None if all are.
        live: Whether it is the signal whose alerts are worked on.
        labelled: Whether its rows are the records of its source that are labelled as fraud, so that
            no job writes them.
    """

    feature: str
    topic: str
    columns: tuple[SinkColumn, ...]
    source: str
    time: str
    user: str | None = None
    windows: WindowShape | None = None
    threshold: float | None = None
    amount: str | None = None
    label: str | None = None
    identity: str | None = None
    since: float | None = None
    live: bool = False
    labelled: bool = False

    def in_full(self) -> Sink:
        """The same with no column hidden."""
        return replace(self, columns=tuple(replace(each, hidden=False) for each in self.columns))


@dataclass(frozen=True, slots=True)
class JobDetail:
    """What a job computes, what it can be restored from, and what went wrong with it.

    Attributes:
        name: The feature's name.
        description: What it computes, in a sentence.
        topic: The sink topic.
        columns: Columns of the sink topic, in order.
        expression: The Ibis expression, printed.
        sql: The Flink SQL that it compiles to, with source and sink.
        restore_points: Its savepoints and checkpoints, newest first.
        failures: Its exceptions, newest first.
    """

    name: str
    description: str
    topic: str
    columns: tuple[SinkColumn, ...]
    expression: str
    sql: str
    restore_points: tuple[RestorePoint, ...] = ()
    failures: tuple[JobFailure, ...] = ()


class Health(StrEnum):
    """Health of a part of the stack."""

    OFF = "off"
    STARTING = "starting"
    UP = "up"
    DOWN = "down"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Slots:
    """Task slots of the Flink cluster."""

    total: int = 0
    free: int = 0

    @property
    def used(self) -> int:
        """How many of them run a job's tasks."""
        return self.total - self.free

    def __str__(self) -> str:
        """Format as `3 of 8 slots used`."""
        return f"{self.used} of {counted(self.total, 'slot')} used"


@dataclass(frozen=True, slots=True)
class SimulatorStatus:
    """State of the transaction simulator.

    Attributes:
        up: Whether it runs; true while paused, too.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        sent: Transactions since it was started.
        paused: Whether it is paused.
        event_time: Of the newest transaction, as in the topic; empty before the first.
        error: Why transactions do not arrive; empty when they do.
        patterns: What is switched on beyond bursts.
        label_delay: Median seconds of event time until a transaction's label comes; 0 when the
            transaction has it.
        labels_pending: Labels that are held back.
        labels_left_out: Labels that never come, since too many were pending.
    """

    up: bool = False
    rate: float = 0.0
    speed: float = 0.0
    sent: int = 0
    paused: bool = False
    event_time: str = ""
    error: str = ""
    patterns: tuple[Pattern, ...] = ()
    label_delay: float = 0.0
    labels_pending: int = 0
    labels_left_out: int = 0


class SimulatorCommand(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="simulate"
):
    """A change of the simulator; fields that are None stay as they are.

    Attributes:
        running: Start or stop it.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        paused: Pause or resume it.
        inject_fraud: Begin a fraud episode.
        patterns: All that are on beyond bursts; the others are switched off.
        label_delay: Median seconds of event time until a transaction's label comes; 0 puts it in
            the transaction.
    """

    running: bool | None = None
    rate: Pace | None = None
    speed: Pace | None = None
    paused: bool | None = None
    inject_fraud: bool = False
    patterns: tuple[Pattern, ...] | None = None
    label_delay: LabelDelay | None = None


@dataclass(frozen=True, slots=True)
class StackStatus:
    """Status of the whole stack, as `fraudwatch status` prints it and the header shows it.

    Attributes:
        profile: The profile's name.
        kafka: Health of Kafka.
        flink: Health of Flink.
        bootstrap: Kafka's address.
        rest: Address of Flink's REST API.
        slots: Task slots of the cluster.
        problems: Why an external cluster does not answer, a sentence each.
        simulator: The local simulator.
        jobs: The feature jobs.
        others: Running jobs of other people on the same cluster, newest first.
    """

    profile: str
    kafka: Health
    flink: Health
    bootstrap: str = ""
    rest: str = ""
    slots: Slots = Slots()
    problems: tuple[str, ...] = ()
    simulator: SimulatorStatus = SimulatorStatus()
    jobs: tuple[JobStatus, ...] = ()
    others: tuple[OtherJob, ...] = ()


class StepState(StrEnum):
    """State of one step of the start."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the start, as the console lists it.

    Attributes:
        key: Stable name: `jars`, `kafka`, `flink`, `submitter`, `topics`, `jobs` or `simulator`.
        title: What the user reads.
        state: The step's state.
        detail: Progress, or the reason of a failure.
        seconds: How long it has taken so far, or took.
        parts: Sub-steps that are worth a line of their own: for `jobs`, one per job, named after
            it.
    """

    key: str
    title: str
    state: StepState = StepState.WAITING
    detail: str = ""
    seconds: float = 0.0
    parts: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedTest:
    """A test of what a row is computed from, to be written.

    Attributes:
        feature: The feature.
        row: Values of columns that identify the row, as text.
        smallest: Whether to reduce its records to those on which the engines still differ.
    """

    feature: str
    row: Mapping[str, str]
    smallest: bool = False


@dataclass(frozen=True, slots=True)
class WrittenTest:
    """A test that was written.

    Attributes:
        said: What it holds, the beginning of a sentence that ends in its path.
        path: Its file.
    """

    said: str
    path: str
