"""Read-only mode: it disables keys that change something, and its backend refuses changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from pipeline.errors import PipelineError, UnavailableError
from pipeline.model.held_tests import WantedTest, WrittenTest
from pipeline.model.jobs import JobDetail, JobMetrics, JobStatus, Resume
from pipeline.model.simulator import SimulatorStatus
from pipeline.model.sinks import Sink
from pipeline.model.stack import Health, StackStatus
from tui.keymap import changing_actions

if TYPE_CHECKING:
    from textual.dom import DOMNode as Node

    from pipeline.findings import Findings
    from pipeline.labels.verdict import Decision, Subject
    from pipeline.model.simulator import SimulatorCommand
    from pipeline.proof import Proof
    from pipeline.signals.standing import Standing
    from pipeline.signals.trees import Spread
    from pipeline.sources import Source
    from pipeline.sources.masking import Mask

    from .backend import Backend, ReportProgress, ReportSteps
else:
    # Textual looks up a widget's styles and component classes along its first base that is a node.
    Node = object

_CHANGING: Final = changing_actions()


class Guarded(Node):
    """A screen or widget with keys that change something, which read-only mode disables."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable actions that change something, in read-only mode."""
        if action in _CHANGING and getattr(self.app, "read_only", False):
            return False
        return super().check_action(action, parameters)


class ReadOnlyBackend:
    """A backend that reads, and refuses all changes.

    Args:
        backend: The backend to read from.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @property
    def attaches(self) -> bool:
        return self._backend.attaches

    @property
    def bootstrap(self) -> str:
        return self._backend.bootstrap

    def bring_up(self, report: ReportSteps) -> None:
        """Attach to a running stack; one that is not running raises an UnavailableError."""
        if self._backend.status().kafka is not Health.UP:
            raise UnavailableError(
                "The stack is not running, and a read-only console does not start it.",
                "Start it with `fraudwatch up`, or open the console without --read-only.",
            )

    def sinks(self) -> Sequence[Sink]:
        return self._backend.sinks()

    def set_threshold(self, name: str, threshold: float) -> None:
        _refuse()

    def spreads(self, name: str) -> Mapping[str, Spread]:
        return self._backend.spreads(name)

    def standing(self) -> Standing:
        return self._backend.standing()

    def promote(self, name: str) -> Standing:
        _refuse()

    def roll_back(self) -> Standing:
        _refuse()

    @property
    def analyst(self) -> str:
        return self._backend.analyst

    def judge(self, subject: Subject, decision: Decision, note: str) -> None:
        _refuse()

    def sources(self) -> Sequence[Source]:
        return self._backend.sources()

    def mask_of(self, topic: str) -> Mask:
        return self._backend.mask_of(topic)

    def status(self) -> StackStatus:
        return self._backend.status()

    def metrics(self) -> Mapping[str, JobMetrics]:
        return self._backend.metrics()

    def job_detail(self, name: str) -> JobDetail:
        return self._backend.job_detail(name)

    def start_job(
        self, name: str, report: ReportProgress, *, resume: Resume = Resume.UNCHANGED
    ) -> JobStatus:
        _refuse()

    def stop_job(self, name: str, report: ReportProgress, *, discard: bool = False) -> JobStatus:
        _refuse()

    def prove(self, name: str, report: ReportProgress) -> Proof:
        return self._backend.prove(name, report)

    def prove_on(self, report: ReportProgress) -> None:
        """Do not: others see to it that what they run is proved."""

    def write_test(self, wanted: WantedTest, report: ReportProgress) -> WrittenTest:
        _refuse()

    def findings(self, name: str) -> Findings | None:
        return self._backend.findings(name)

    def simulate(self, change: SimulatorCommand) -> SimulatorStatus:
        _refuse()

    def close(self) -> None:
        self._backend.close()


def _refuse() -> NoReturn:
    raise PipelineError("This console is read-only.", "Open it without --read-only.")
