"""What Flink's REST API answers, as far as it is read.

Source: Flink 2.3 documentation, "REST API".
"""

from __future__ import annotations

from typing import Any

import msgspec

from pipeline.model import Slots


class Overview(msgspec.Struct, frozen=True):
    """The cluster as a whole."""

    taskmanagers: int
    slots_total: int = msgspec.field(name="slots-total")
    slots_free: int = msgspec.field(name="slots-available")

    @property
    def slots(self) -> Slots:
        """Task slots, all and free."""
        return Slots(total=self.slots_total, free=self.slots_free)


class JobOverview(msgspec.Struct, frozen=True):
    """One job of the cluster, ended ones included; `start` in milliseconds since the epoch."""

    id: str = msgspec.field(name="jid")
    name: str = ""
    state: str = ""
    start: int = msgspec.field(name="start-time", default=0)


class TaskManager(msgspec.Struct, frozen=True):
    """Of a `TaskManagers`."""

    data_port: int = msgspec.field(name="dataPort")


class TaskManagers(msgspec.Struct, frozen=True):
    """`/taskmanagers`."""

    taskmanagers: tuple[TaskManager, ...]


class JobList(msgspec.Struct, frozen=True):
    """`/jobs/overview`."""

    jobs: tuple[JobOverview, ...]


class Vertex(msgspec.Struct, frozen=True):
    """Operators of a `Job` that run together."""

    id: str
    status: str = ""


class Job(msgspec.Struct, frozen=True):
    """`/jobs/:id`."""

    state: str
    vertices: tuple[Vertex, ...] = ()


class JobConfig(msgspec.Struct, frozen=True):
    """`/jobs/:id/config`."""

    execution: dict[str, Any] | None = msgspec.field(name="execution-config", default=None)


class Option(msgspec.Struct, frozen=True):
    """Of `/jobmanager/config`."""

    key: str


class Cluster(msgspec.Struct, frozen=True):
    """`/config`."""

    version: str = msgspec.field(name="flink-version")


class Failure(msgspec.Struct, frozen=True):
    """Of `Failures`: `timestamp` in milliseconds since the epoch."""

    stacktrace: str
    timestamp: int = 0


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


class Snapshot(msgspec.Struct, frozen=True):
    """A checkpoint or savepoint: `at` in milliseconds since the epoch."""

    path: str = msgspec.field(name="external_path", default="")
    at: int = msgspec.field(name="latest_ack_timestamp", default=0)


class Latest(msgspec.Struct, frozen=True):
    """The newest of each kind."""

    completed: Snapshot | None = None
    savepoint: Snapshot | None = None
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


class Phase(msgspec.Struct, frozen=True):
    """`IN_PROGRESS` or `COMPLETED`."""

    id: str


class Progress(msgspec.Struct, frozen=True):
    """How far an operation is; asked for by the id of its `Trigger`."""

    status: Phase
    operation: Operation | None = None


class Trigger(msgspec.Struct, frozen=True):
    """The answer to a request that starts an operation."""

    request_id: str = msgspec.field(name="request-id")
