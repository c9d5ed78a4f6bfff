"""The records that travel between the parts: frozen, slotted, without behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One card transaction, as in the topic `transaction`.

    Times are event times without a zone; `amt` is in the card's currency; `user_id` is a signed
    64-bit number. The field names are those of the Ibis fraud-detection tutorial.
    """

    trans_date_trans_time: datetime
    cc_num: int
    merchant: str
    category: str
    amt: float
    first: str
    last: str
    zipcode: str
    dob: str
    trans_num: str
    is_fraud: int
    user_id: int


class RollingRow(msgspec.Struct, frozen=True, gc=False):
    """A user's mean amount and count over the 360 minutes up to one transaction."""

    user_id: int
    user_mean_trans_amt_last_360min: float
    user_trans_count_last_360min: int
    trans_date_trans_time: datetime


class WindowRow(msgspec.Struct, frozen=True, gc=False):
    """A user's mean amount and count in one closed window `[window_start, window_end)`."""

    window_start: datetime
    window_end: datetime
    user_id: int
    user_mean_trans_amt_last_360min: float
    user_trans_count_last_360min: int


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


@dataclass(frozen=True, slots=True)
class StackStatus:
    """The whole stack at one moment, as `fraudwatch status` prints it and the header shows it."""

    profile: str
    kafka: Health
    flink: Health
    bootstrap: str = ""
    rest: str = ""
    slots: Slots = Slots()
    simulator: SimulatorStatus = SimulatorStatus()
    jobs: tuple[JobStatus, ...] = ()


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
        key: Stable name (`jars`, `kafka`, `jobmanager`, `taskmanager`, `submitter`, `topics`,
            `jobs`, `simulator`).
        title: What the user reads.
        state: How far it is.
        detail: Progress or the reason of a failure.
        seconds: How long it has taken so far or took.
    """

    key: str
    title: str
    state: StepState = StepState.WAITING
    detail: str = ""
    seconds: float = 0.0
