"""What Flink's REST API answers, as far as it is read.

Source: Flink 2.3 documentation, "REST API".
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

import msgspec

from pipeline.model import Slots

EARLIEST_MILLIS: Final = -62_135_596_800_000
LATEST_MILLIS: Final = 253_402_300_799_999
"""The years 1 and 9999, outside of which there are no dates."""

# What is built into addresses must not lead elsewhere.
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
Millis = Annotated[int, msgspec.Meta(ge=-1, le=LATEST_MILLIS)]
"""Since the epoch; -1 for what has not been."""
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
"""An unknown state would be waited for without end."""


def is_date(millis: float) -> bool:
    """Whether a watermark is one: before the first record it is the smallest number there is."""
    return EARLIEST_MILLIS <= millis <= LATEST_MILLIS


class Overview(msgspec.Struct, frozen=True):
    """The cluster as a whole."""

    taskmanagers: Count
    slots_total: Count = msgspec.field(name="slots-total")
    slots_free: Count = msgspec.field(name="slots-available")

    @property
    def slots(self) -> Slots:
        """Task slots, all and free."""
        return Slots(total=self.slots_total, free=self.slots_free)


class JobOverview(msgspec.Struct, frozen=True):
    """One job of the cluster, ended ones included; `start` in milliseconds since the epoch."""

    id: Id = msgspec.field(name="jid")
    name: str = ""
    state: str = ""
    start: Millis = msgspec.field(name="start-time", default=0)


class TaskManager(msgspec.Struct, frozen=True):
    """Of a `TaskManagers`."""

    data_port: Count = msgspec.field(name="dataPort")


class TaskManagers(msgspec.Struct, frozen=True):
    """`/taskmanagers`."""

    taskmanagers: tuple[TaskManager, ...]


class JobList(msgspec.Struct, frozen=True):
    """`/jobs/overview`."""

    jobs: tuple[JobOverview, ...]


class Vertex(msgspec.Struct, frozen=True):
    """Operators of a `Job` that run together."""

    id: Id
    status: str = ""


class Job(msgspec.Struct, frozen=True):
    """`/jobs/:id`."""

    state: JobState
    vertices: tuple[Vertex, ...] = ()


class ExecutionConfig(msgspec.Struct, frozen=True):
    """Of a `JobConfig`."""

    parameters: dict[str, Any] | None = msgspec.field(name="user-config", default=None)


class JobConfig(msgspec.Struct, frozen=True):
    """`/jobs/:id/config`."""

    execution: ExecutionConfig | None = msgspec.field(name="execution-config", default=None)


class Option(msgspec.Struct, frozen=True):
    """Of `/jobmanager/config`."""

    key: str


class Cluster(msgspec.Struct, frozen=True):
    """`/config`."""

    version: str = msgspec.field(name="flink-version")


class Failure(msgspec.Struct, frozen=True):
    """Of `Failures`: `timestamp` in milliseconds since the epoch."""

    stacktrace: str
    timestamp: Millis = 0


class Failures(msgspec.Struct, frozen=True):
    """Newest first."""

    entries: tuple[Failure, ...] = ()


class Exceptions(msgspec.Struct, frozen=True):
    """`/jobs/:id/exceptions`."""

    history: Failures = msgspec.field(name="exceptionHistory", default=Failures())


class Metric(msgspec.Struct, frozen=True):
    """Of any of the paths that end in `metrics`, and of `watermarks`."""

    id: str
    value: str = ""


class Aggregate(msgspec.Struct, frozen=True):
    """A `Metric` over the subtasks of a vertex; without what Flink does not tell."""

    id: str
    min: float | str = ""
    max: float | str = ""
    avg: float | str = ""
    sum: float | str = ""


class StoredState(msgspec.Struct, frozen=True):
    """A checkpoint or savepoint: `at` in milliseconds since the epoch."""

    path: str = msgspec.field(name="external_path", default="")
    at: Millis = msgspec.field(name="latest_ack_timestamp", default=0)


class Latest(msgspec.Struct, frozen=True):
    """The newest of each kind."""

    completed: StoredState | None = None
    savepoint: StoredState | None = None
    restored: dict[str, Any] | None = None


class Checkpoints(msgspec.Struct, frozen=True):
    """`/jobs/:id/checkpoints`."""

    latest: Latest


class Cause(msgspec.Struct, frozen=True):
    """Why an operation failed: a Java stack trace."""

    trace: str = msgspec.field(name="stack-trace", default="")


class Operation(msgspec.Struct, frozen=True):
    """What came of a savepoint, checkpoint or disposal; they name their failures differently."""

    location: str = ""
    failure: Cause | None = msgspec.field(name="failure-cause", default=None)
    failed_checkpoint: Cause | None = msgspec.field(name="failureCause", default=None)


class OperationStatus(msgspec.Struct, frozen=True):
    """Whether an operation is at an end; what is neither would be waited for without one."""

    id: Literal["IN_PROGRESS", "COMPLETED"]


class OperationProgress(msgspec.Struct, frozen=True):
    """How far an operation is; asked for by the id of its `Trigger`."""

    status: OperationStatus
    operation: Operation | None = None


class Trigger(msgspec.Struct, frozen=True):
    """The answer to a request that starts an operation."""

    request_id: Id = msgspec.field(name="request-id")
