"""The answers of Flink's REST API, reduced to the fields that are used.

Source: Flink 2.3 documentation, "REST API".
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from pipeline.model.stack import Slots

EARLIEST_MILLIS: Final = -62_135_596_800_000
LATEST_MILLIS: Final = 253_402_300_799_999
"""The years 1 and 9999, the range of `datetime`."""

# Ids become part of URLs, so they are restricted to harmless characters.
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
Millis = Annotated[int, msgspec.Meta(ge=-1, le=LATEST_MILLIS)]
"""Milliseconds since the epoch; -1 for an event that has not happened."""
JobState = Literal[
    "INITIALIZING",
    "CREATED",
    "RUNNING",
    "FAILING",
    "FAILED",
    "CANCELLING",
    "CANCELED",
    "FINISHED",
    "RESTARTING",
    "SUSPENDED",
    "RECONCILING",
]
"""Any other state is rejected: waiting for it would never end."""


def is_date(millis: float) -> bool:
    """Whether a watermark is a date: before the first record it is the smallest 64-bit integer."""
    return EARLIEST_MILLIS <= millis <= LATEST_MILLIS


class Overview(msgspec.Struct, frozen=True):
    """Answer of `/overview`: TaskManagers and task slots."""

    taskmanagers: Count
    slots_total: Count = msgspec.field(name="slots-total")
    slots_free: Count = msgspec.field(name="slots-available")

    @property
    def slots(self) -> Slots:
        return Slots(total=self.slots_total, free=self.slots_free)


class JobOverview(msgspec.Struct, frozen=True):
    """A job in `/jobs/overview`, running or ended; times in milliseconds since the epoch.

    Attributes:
        id: Flink's id.
        name: Its name.
        state: Flink's state.
        start: When it was submitted.
        changed: When one of its tasks last changed its state, as all do in a restart.
    """

    id: Id = msgspec.field(name="jid")
    name: str = ""
    state: str = ""
    start: Millis = msgspec.field(name="start-time", default=0)
    changed: Millis = msgspec.field(name="last-modification", default=0)


class TaskManager(msgspec.Struct, frozen=True):
    """A TaskManager in `/taskmanagers`."""

    data_port: Count = msgspec.field(name="dataPort")


class TaskManagers(msgspec.Struct, frozen=True):
    """Answer of `/taskmanagers`: the registered ones."""

    taskmanagers: tuple[TaskManager, ...]


class JobList(msgspec.Struct, frozen=True):
    """Answer of `/jobs/overview`: running and ended jobs."""

    jobs: tuple[JobOverview, ...]


class Vertex(msgspec.Struct, frozen=True):
    """A vertex of a job: operators chained into one task."""

    id: Id
    status: str = ""


class Job(msgspec.Struct, frozen=True):
    """Answer of `/jobs/:id`: its state and its vertices."""

    state: JobState
    vertices: tuple[Vertex, ...] = ()


class ExecutionConfig(msgspec.Struct, frozen=True):
    """The part `execution-config` of `/jobs/:id/config`."""

    parameters: dict[str, Any] | None = msgspec.field(name="user-config", default=None)


class JobConfig(msgspec.Struct, frozen=True):
    """Answer of `/jobs/:id/config`."""

    execution: ExecutionConfig | None = msgspec.field(name="execution-config", default=None)


class Option(msgspec.Struct, frozen=True):
    """A configuration option in `/jobmanager/config`."""

    key: str


class Cluster(msgspec.Struct, frozen=True):
    """Answer of `/config`: Flink's version."""

    version: str = msgspec.field(name="flink-version")


class Failure(msgspec.Struct, frozen=True):
    """An exception of a job; `timestamp` in milliseconds since the epoch."""

    stacktrace: str
    timestamp: Millis = 0


class Failures(msgspec.Struct, frozen=True):
    """The exceptions of a job, newest first."""

    entries: tuple[Failure, ...] = ()


class Exceptions(msgspec.Struct, frozen=True):
    """Answer of `/jobs/:id/exceptions`."""

    history: Failures = msgspec.field(name="exceptionHistory", default=Failures())


class Metric(msgspec.Struct, frozen=True):
    """A metric, in the answers of all `…/metrics` paths and of `…/watermarks`."""

    id: str
    value: str = ""


class Aggregate(msgspec.Struct, frozen=True):
    """A metric aggregated over the subtasks of a vertex; fields that Flink omits are None."""

    id: str
    min: float | str = ""
    max: float | str = ""
    avg: float | str = ""
    sum: float | str = ""


class StoredState(msgspec.Struct, frozen=True):
    """A checkpoint or savepoint; `at` in milliseconds since the epoch."""

    path: str = msgspec.field(name="external_path", default="")
    at: Millis = msgspec.field(name="latest_ack_timestamp", default=0)


class Restored(msgspec.Struct, frozen=True):
    """The state that a run last resumed from, and when it did, in milliseconds since the epoch."""

    restore_timestamp: int


class Latest(msgspec.Struct, frozen=True):
    """The newest checkpoint and savepoint in `/jobs/:id/checkpoints`."""

    completed: StoredState | None = None
    savepoint: StoredState | None = None
    restored: Restored | None = None


class Checkpoints(msgspec.Struct, frozen=True):
    """Answer of `/jobs/:id/checkpoints`."""

    latest: Latest


class Cause(msgspec.Struct, frozen=True):
    """The Java stack trace of a failed operation."""

    trace: str = msgspec.field(name="stack-trace", default="")


class Operation(msgspec.Struct, frozen=True):
    """Result of a savepoint, checkpoint or disposal; each reports failures in its own field."""

    location: str = ""
    failure: Cause | None = msgspec.field(name="failure-cause", default=None)
    failed_checkpoint: Cause | None = msgspec.field(name="failureCause", default=None)


class OperationStatus(msgspec.Struct, frozen=True):
    """Status of an asynchronous operation; other values are rejected, lest waiting never end."""

    id: Literal["IN_PROGRESS", "COMPLETED"]


class OperationProgress(msgspec.Struct, frozen=True):
    """Progress of an asynchronous operation, requested with the id of its `Trigger`."""

    status: OperationStatus
    operation: Operation | None = None


class Trigger(msgspec.Struct, frozen=True):
    """Answer to a request that starts an asynchronous operation."""

    request_id: Id = msgspec.field(name="request-id")
