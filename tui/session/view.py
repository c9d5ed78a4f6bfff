"""The frozen view of one moment that screens draw."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from pipeline.model.jobs import JobMetrics, JobStatus, Resume
from pipeline.model.stack import Health, StackStatus, Step
from tui.streams.problem import Problem
from tui.streams.snapshot import Snapshot


class Phase(StrEnum):
    """The phase of a session, from the start to the close."""

    STARTING = "starting"
    FAILED = "failed"
    LIVE = "live"
    CLOSING = "closing"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Reading:
    """The last good status of the stack, and why there is no newer one.

    Attributes:
        status: The last good status; None before the first one.
        at: When it was read, in seconds since the epoch.
        problem: Why the last read failed; None when it succeeded.
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
    """The progress or the outcome of a command to a job.

    Attributes:
        text: Progress or outcome.
        busy: Whether it is still in progress.
        failed: Whether it failed.
        at: When this was reported, in seconds since the epoch.
        waits: Whether it has not started yet.
        ways_on: How a job that has changed since its state was saved can be started; empty when
            the next start needs no choice.
    """

    text: str
    busy: bool
    failed: bool
    at: float
    waits: bool = False
    ways_on: tuple[Resume, ...] = ()


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job as the console knows it.

    Attributes:
        status: Its last status.
        metrics: Its metrics; None while unknown.
        activity: The console's last command to it.
        stale: Whether the status could not be read lately.
        proving: What the proof in progress is doing; empty when there is none.
    """

    status: JobStatus
    metrics: JobMetrics | None = None
    activity: Activity | None = None
    stale: bool = False
    proving: str = ""


class Severity(StrEnum):
    """How a notice is shown, by Textual's names."""

    INFORMATION = "information"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to show once, as a toast."""

    message: str
    severity: Severity = Severity.INFORMATION


@dataclass(frozen=True, slots=True)
class View:
    """A session at one moment.

    Attributes:
        now: Seconds since the epoch.
        profile: The profile's name.
        phase: The session's phase.
        since: When the phase started, in seconds since the epoch.
        attaches: Whether Kafka and Flink are both external, so that nothing is started.
        steps: The steps of the start.
        reads: Whether Kafka is or was read, so that there is more to show than the start.
        problem: Why the start failed.
        reading: The stack's status.
        jobs: The stack's jobs, with the console's activity on each.
        data: The streams' snapshot; empty until the application adds the one published last.
    """

    now: float = 0.0
    profile: str = ""
    phase: Phase = Phase.STARTING
    since: float = 0.0
    attaches: bool = False
    steps: tuple[Step, ...] = ()
    reads: bool = False
    problem: Problem | None = None
    reading: Reading = Reading()
    jobs: tuple[JobLine, ...] = ()
    data: Snapshot = field(default_factory=Snapshot)

    @property
    def coming_up(self) -> bool:
        """Whether the start is in progress or has failed; parts of the stack may be missing."""
        return self.phase in (Phase.STARTING, Phase.FAILED)

    @property
    def leaving(self) -> bool:
        """Whether the session is closing; the screen then stays as it was."""
        return self.phase in (Phase.CLOSING, Phase.CLOSED)

    @property
    def only_start(self) -> bool:
        """Whether only the start can be shown, since Kafka has not answered yet."""
        return self.coming_up and not self.reads

    def job(self, feature: str) -> JobLine | None:
        """Return the job of a feature; None when there is none."""
        return next((line for line in self.jobs if line.status.name == feature), None)
