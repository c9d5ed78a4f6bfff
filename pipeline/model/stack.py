"""The whole stack, and the steps of its start."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.text.words import counted

from .jobs import JobStatus, OtherJob
from .simulator import SimulatorStatus


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
    simulator: SimulatorStatus = field(default_factory=SimulatorStatus)
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
