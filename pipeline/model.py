"""The records that travel between the parts: frozen, slotted, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Annotated, Final

import msgspec

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
EventTime = Annotated[datetime, msgspec.Meta(tz=False)]
FASTEST: Final = 1_000_000
"""The most that the simulator takes as a rate per second, or as a speed over real time."""
Pace = Annotated[float, msgspec.Meta(gt=0, le=FASTEST)]


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One card transaction, as in the topic `transaction`.

    Times are event times without a zone; `amt` is in the card's currency; `user_id` is a signed
    64-bit number. The field names are those of the Ibis fraud-detection tutorial.
    """

    trans_date_trans_time: EventTime
    cc_num: Int64
    merchant: str
    category: str
    amt: float
    first: str
    last: str
    zipcode: str
    dob: str
    trans_num: str
    is_fraud: Int64
    user_id: Int64


class RollingRow(msgspec.Struct, frozen=True, gc=False):
    """A user's mean amount and count over the 360 minutes up to one transaction."""

    user_id: Int64
    user_mean_trans_amt_last_360min: float
    user_trans_count_last_360min: Int64
    trans_date_trans_time: EventTime


class WindowRow(msgspec.Struct, frozen=True, gc=False):
    """A user's mean amount and count in one closed window `[window_start, window_end)`.

    Of tumbling and of hopping windows. In Kafka the figures are named after their windows.
    """

    window_start: EventTime
    window_end: EventTime
    user_id: Int64
    mean: float = msgspec.field(name="user_mean_trans_amt_last_360min")
    count: Int64 = msgspec.field(name="user_trans_count_last_360min")


class CumulatingRow(WindowRow, frozen=True, gc=False):
    """A user's mean amount and count in one day up to `window_end`, from midnight on."""

    mean: float = msgspec.field(name="user_mean_trans_amt_today")
    count: Int64 = msgspec.field(name="user_trans_count_today")


class Reset(Enum):
    """An end of a topic that reading begins at, as in Kafka's `auto.offset.reset`."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Last:
    """The last `count` records of a topic, as many of each partition, and then what comes.

    Records that are deleted or compacted away count too.
    """

    count: int


@dataclass(frozen=True, slots=True)
class Since:
    """From the first record with Kafka's timestamp at or after `timestamp_ms`."""

    timestamp_ms: int


Start = Reset | Last | Since
"""Where reading a topic begins."""


class JobState(StrEnum):
    """What a feature job is doing; Flink's own states, and three that only we know."""

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
    """One feature job as it is now.

    Attributes:
        name: The feature's name.
        state: Where the job stands.
        topic: The sink topic.
        job_id: Flink's id of the running job; empty when there is none.
        started_at: When the running job started, in seconds since the epoch; None when it does not.
        savepoint: Path of the savepoint a start resumes from; empty when there is none.
        savepoint_at: When that savepoint was taken, in seconds since the epoch.
        failure: Why the job failed, in one line; empty when it did not.
    """

    name: str
    state: JobState
    topic: str
    job_id: str = ""
    started_at: float | None = None
    savepoint: str = ""
    savepoint_at: float | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True)
class OtherJob:
    """A running job of the cluster that is none of ours: shown, and never touched.

    Attributes:
        name: What its owner calls it; anything may stand in it.
        state: As Flink says it.
        job_id: Flink's id.
        started_at: In seconds since the epoch.
    """

    name: str
    state: str
    job_id: str
    started_at: float


class Resume(StrEnum):
    """What a start does with state that the job's earlier definition left behind."""

    UNCHANGED = "unchanged"
    """Refuse; state of the same definition is used."""
    FRESH = "fresh"
    """Discard whatever state there is."""
    AS_BEFORE = "as-before"
    """Run the earlier definition."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A job's last completed checkpoint.

    Attributes:
        at: When it was complete, in seconds since the epoch.
        seconds: How long it took.
        size: In bytes.
    """

    at: float
    seconds: float
    size: int


@dataclass(frozen=True, slots=True)
class JobMetrics:
    """How a running job is doing; None stands for what Flink does not tell (yet).

    Attributes:
        records_in: Records read per second.
        records_out: Records written per second.
        pending: Records in Kafka that the job has not read: its lag.
        watermark: How far the slowest part of the job has come in event time.
        late: Records dropped since they came after the watermark.
        checkpoint: The last one that completed.
        checkpoints_failed: Checkpoints that did not complete.
        backpressure: Share of the time that the worst task waits for those after it, 0 to 1.
        busy: Share of the time that the busiest task works, 0 to 1.
        restarts: How often Flink restarted the job.
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

    @property
    def lags(self) -> bool:
        """Whether more wait for it than the few hundred records that a job always has before it."""
        return self.pending is not None and self.pending > 10_000


@dataclass(frozen=True, slots=True)
class RestorePoint:
    """State that a job left behind.

    Attributes:
        path: As Flink names it.
        at: When it was taken, in seconds since the epoch; None when that is not known.
        kind: `savepoint` or `checkpoint`.
        resumes: Whether a start begins with this one.
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
        name: Of the field.
        type: As an Ibis type name.
        computed: Whether it is a result, rather than one of those that say which row it is.
    """

    name: str
    type: str
    computed: bool


@dataclass(frozen=True, slots=True)
class JobDetail:
    """What a job is, what it left behind and what went wrong with it.

    Attributes:
        name: The feature's name.
        description: What it computes, in a sentence.
        topic: The sink topic.
        columns: Of the sink topic, in their order.
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
    """How a part of the stack is doing."""

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


@dataclass(frozen=True, slots=True)
class SimulatorStatus:
    """The transaction simulator.

    Attributes:
        up: Whether it runs, be it paused.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        sent: Transactions since it was started.
        paused: Whether it holds.
        event_time: Of the newest transaction, as in the topic; empty before the first.
        error: Why transactions do not arrive; empty when they do.
    """

    up: bool = False
    rate: float = 0.0
    speed: float = 0.0
    sent: int = 0
    paused: bool = False
    event_time: str = ""
    error: str = ""


class SimulatorCommand(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, tag="simulate"
):
    """What to change of the simulator; what is None stays as it is.

    Attributes:
        running: Start it or stop it.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        paused: Hold it, or let it go on.
        inject_fraud: Have an episode of fraud begin.
    """

    running: bool | None = None
    rate: Pace | None = None
    speed: Pace | None = None
    paused: bool | None = None
    inject_fraud: bool = False


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The whole stack at one moment, as `fraudwatch status` prints it and the header shows it.

    Attributes:
        profile: Its name.
        kafka: How Kafka is doing.
        flink: How Flink is doing.
        bootstrap: Kafka's address.
        rest: Flink's address.
        slots: Of the cluster.
        problems: Why what is not ours does not answer, a sentence each.
        simulator: The simulator of ours.
        jobs: The feature jobs.
        others: Other people's running jobs on the same cluster, newest first.
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
    """How far one step of the start has come."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of bringing the stack up, as the console lists it.

    Attributes:
        key: Stable name (`jars`, `kafka`, `flink`, `submitter`, `topics`,
            `jobs`, `simulator`).
        title: What the user reads.
        state: How far it is.
        detail: Progress or the reason of a failure.
        seconds: How long it has taken so far or took.
        parts: What it consists of, where each part is worth a line: of `jobs` a step for each job
            that the start starts, by the job's name.
    """

    key: str
    title: str
    state: StepState = StepState.WAITING
    detail: str = ""
    seconds: float = 0.0
    parts: tuple[Step, ...] = ()
