"""Everything a screen draws, as it is at one moment: frozen."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model import Health, JobMetrics, JobStatus, Resume, StackStatus, Step
from tui.streams.problem import Problem
from tui.streams.snapshot import Snapshot


class Phase(StrEnum):
    """What the console is about."""

    STARTING = "starting"
    FAILED = "failed"
    LIVE = "live"
    CLOSING = "closing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Reading:
    """The last good status of the stack, and why there is none newer.

    Attributes:
        status: The last good one; None when there never was one.
        at: When it was read, in seconds since the epoch.
        problem: Why the last try failed; None when it did not.
    """

    status: StackStatus | None = None
    at: float = 0.0
    problem: Problem | None = None

    @property
    def jobs(self) -> tuple[JobStatus, ...]:
        return self.status.jobs if self.status else ()

    @property
    def kafka(self) -> Health:
        return self.status.kafka if self.status else Health.OFF

    @property
    def flink(self) -> Health:
        return self.status.flink if self.status else Health.OFF


@dataclass(frozen=True, slots=True)
class Activity:
    """What the console is doing, or last did, with a job.

    Attributes:
        text: Progress, or how it ended.
        busy: Whether it still goes on.
        failed: Whether it ended badly.
        at: When this was said, in seconds since the epoch.
        waits: Whether it has not begun yet.
        ways_on: How the job can be started although it has changed since its state was kept; empty
            when the next start need not be asked about.
    """

    text: str
    busy: bool
    failed: bool
    at: float
    waits: bool = False
    ways_on: tuple[Resume, ...] = ()


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job and what the console is doing with it; `stale` when its state is no longer known."""

    status: JobStatus
    metrics: JobMetrics | None = None
    activity: Activity | None = None
    stale: bool = False


class Severity(StrEnum):
    """How a notice is shown; Textual's names."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell once, in passing."""

    message: str
    severity: Severity = Severity.INFORMATION


@dataclass(frozen=True, slots=True)
class View:
    """The console at one moment.

    Attributes:
        now: Seconds since the epoch.
        profile: Which stack this is.
        phase: What the console is about.
        since: When the phase began, in seconds since the epoch.
        attaches: Whether Kafka and Flink are both external: nothing is started here.
        steps: Of the start.
        reads: Whether Kafka is read or was, so that there is more to see than the start.
        problem: Why the start failed.
        reading: The stack.
        jobs: Its jobs, with what the console does with them.
        data: The streams.
        waiting: Transactions that have come since the tables were frozen; None when they follow.
    """

    now: float
    profile: str
    phase: Phase
    since: float
    attaches: bool = False
    steps: tuple[Step, ...] = ()
    reads: bool = False
    problem: Problem | None = None
    reading: Reading = Reading()
    jobs: tuple[JobLine, ...] = ()
    data: Snapshot = field(default_factory=Snapshot)
    waiting: int | None = None

    @property
    def coming_up(self) -> bool:
        """Whether the start is under way or has failed, so that some of the stack is not there."""
        return self.phase in (Phase.STARTING, Phase.FAILED)

    @property
    def leaving(self) -> bool:
        """Whether the console is on its way out, and keeps looking as it did."""
        return self.phase in (Phase.CLOSING, Phase.CLOSED)

    @property
    def only_start(self) -> bool:
        """Whether there is nothing to see but the start, since Kafka has not answered yet."""
        return self.coming_up and not self.reads

    def job_for(self, topic: str) -> JobLine | None:
        """The job that writes a topic."""
        return next((line for line in self.jobs if line.status.topic == topic), None)
