"""What the console needs of the pipeline: `pipeline.stack.runtime.Runtime` has it; so do fakes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from pipeline.model import (
    JobDetail,
    JobMetrics,
    JobStatus,
    Resume,
    SimulatorStatus,
    StackStatus,
    Step,
)

if TYPE_CHECKING:
    from pipeline.model import SimulatorCommand

ReportSteps = Callable[[tuple[Step, ...]], None]
ReportProgress = Callable[[str], None]


class Backend(Protocol):
    """The stack behind the console.

    Every method blocks and is called from threads of the console, several at a time. Each may
    raise a PipelineError, whose message and hint the console shows.
    """

    @property
    def bootstrap(self) -> str:
        """Kafka's address; empty while there is none."""

    @property
    def attaches(self) -> bool:
        """Whether Kafka and Flink are both external, so that there is nothing to start here."""

    def bring_up(self, report: ReportSteps) -> None:
        """Start the stack, or attach to the one that runs, with its jobs and the simulator."""

    def status(self) -> StackStatus:
        """The whole stack as it is now."""

    def metrics(self) -> Mapping[str, JobMetrics]:
        """How the running jobs are doing, by name."""

    def job_detail(self, name: str) -> JobDetail:
        """What a job is, what it left behind and what went wrong with it."""

    def start_job(
        self, name: str, report: ReportProgress, *, resume: Resume = Resume.UNCHANGED
    ) -> JobStatus:
        """Start a job, from its kept state if it has any, and wait until it runs.

        A job that has changed since its state was kept raises a ChangedError, unless `resume` says
        what to do.
        """

    def stop_job(self, name: str, report: ReportProgress, *, discard: bool = False) -> JobStatus:
        """Stop a job; its state is kept in a savepoint, or thrown away with `discard`."""

    def simulate(self, change: SimulatorCommand) -> SimulatorStatus:
        """Start, change or stop the simulator."""

    def close(self) -> None:
        """Let go of the stack; a stack that nobody else holds has ended when this returns."""
