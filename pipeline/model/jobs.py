"""Jobs, as commands and the console see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.proof import Proof

from .sinks import SinkColumn


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
