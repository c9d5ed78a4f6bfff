"""What the console needs of the pipeline; `pipeline.stack.runtime.Runtime` implements it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from pipeline.model.held_tests import WantedTest, WrittenTest
from pipeline.model.jobs import JobDetail, JobMetrics, JobStatus, Resume
from pipeline.model.simulator import SimulatorStatus
from pipeline.model.sinks import Sink
from pipeline.model.stack import StackStatus, Step

if TYPE_CHECKING:
    from pipeline.findings import Findings
    from pipeline.labels.verdict import Decision, Subject
    from pipeline.model.simulator import SimulatorCommand
    from pipeline.proof import Proof
    from pipeline.signals.standing import Standing
    from pipeline.signals.trees import Spread
    from pipeline.sources import Source
    from pipeline.sources.masking import Mask

ReportSteps = Callable[[tuple[Step, ...]], None]
ReportProgress = Callable[[str], None]


class Backend(Protocol):
    """The stack behind the console.

    Every method blocks and is called from threads of the console, several at a time. Each may
    raise a PipelineError, whose message and hint the console shows.
    """

    @property
    def bootstrap(self) -> str:
        """Kafka's bootstrap address; empty while there is none."""

    @property
    def attaches(self) -> bool:
        """Whether Kafka and Flink are both external, so that there is nothing to start."""

    def bring_up(self, report: ReportSteps) -> None:
        """Start the stack, or attach to a running one, with its jobs and the simulator."""

    def sinks(self) -> Sequence[Sink]:
        """Return what the topic of each feature holds."""

    def set_threshold(self, name: str, threshold: float) -> None:
        """Give a signal another threshold, and keep it for every later start."""

    def spreads(self, name: str) -> Mapping[str, Spread]:
        """Return how a signal's inputs were spread in its training; nothing if it had none."""

    def standing(self) -> Standing:
        """Return which signal is live, and the history of that."""

    def promote(self, name: str) -> Standing:
        """Make a signal the live one."""

    def roll_back(self) -> Standing:
        """Make live again what was live before the last change of it."""

    @property
    def analyst(self) -> str:
        """The name by which verdicts are signed."""

    def judge(self, subject: Subject, decision: Decision, note: str) -> None:
        """Send a verdict on an alert to the topic of verdicts."""

    def sources(self) -> Sequence[Source]:
        """Return the sources that features read."""

    def mask_of(self, topic: str) -> Mask:
        """Return what is hidden in a topic, by its name in Kafka."""

    def status(self) -> StackStatus:
        """Return the status of the whole stack."""

    def metrics(self) -> Mapping[str, JobMetrics]:
        """Return the metrics of the running jobs, by job name."""

    def job_detail(self, name: str) -> JobDetail:
        """Return a job's definition, restore points and exceptions."""

    def start_job(
        self, name: str, report: ReportProgress, *, resume: Resume = Resume.UNCHANGED
    ) -> JobStatus:
        """Start a job from its saved state, if it has any, and wait until it runs.

        A job that has changed since its state was saved raises a ChangedError, unless `resume` says
        what to do.
        """

    def stop_job(self, name: str, report: ReportProgress, *, discard: bool = False) -> JobStatus:
        """Stop a job with a savepoint, or discard its state with `discard`."""

    def prove(self, name: str, report: ReportProgress) -> Proof:
        """Compare a job's rows with their batch recomputation, at the lowest priority."""

    def prove_on(self, report: ReportProgress) -> None:
        """Prove all jobs as they run, until `report` raises an error; may return at once."""

    def write_test(self, wanted: WantedTest, report: ReportProgress) -> WrittenTest:
        """Write a test of what a row is computed from; ends early if `report` raises an error."""

    def findings(self, name: str) -> Findings | None:
        """Return what the last proof of a job found besides equal rows; None before the first."""

    def simulate(self, change: SimulatorCommand) -> SimulatorStatus:
        """Start, change or stop the simulator."""

    def close(self) -> None:
        """Close the stack; unless others use it, it has stopped when this returns."""
