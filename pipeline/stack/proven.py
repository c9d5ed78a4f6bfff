"""What is known of a profile's jobs: their proofs, and the rows that are not as they should be."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from pipeline.config import Settings
from pipeline.findings import EVERY_ROW, Findings, KeptFindings
from pipeline.model.held_tests import WantedTest, WrittenTest
from pipeline.proof import Proof, Proofs
from pipeline.sources.masking import Mask

from .declarations import Declared
from .endpoints import Stack
from .held_tests import write_test
from .prover import prove, prove_on

if TYPE_CHECKING:
    from pipeline.parity.report import Parity


class Proven(Declared):
    """Verifies jobs and keeps what was found; methods may be called from any thread.

    Args:
        settings: Settings of the profile.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._stack = Stack(settings)
        self.proofs = Proofs(settings.proofs_file)
        self._findings = KeptFindings(settings.findings_dir)

    def verify(
        self,
        name: str,
        report: Callable[[str], None] = lambda _: None,
        only: Mapping[str, str] = EVERY_ROW,
    ) -> Parity:
        """Compare a live feature with its expression evaluated in batch, and keep the result.

        Args:
            name: The feature.
            report: Called with what is being done.
            only: List the rows with these values, by identity column, also if they are equal.

        Raises:
            JobError: There is no such feature.
            InputError: A value is not one of a column that identifies the feature's rows.
            UnavailableError: The stack does not run.
        """
        return self.verified(name, report, only)[0]

    def verified(
        self, name: str, report: Callable[[str], None], only: Mapping[str, str] = EVERY_ROW
    ) -> tuple[Parity, Proof]:
        """Do the same, and return what is kept of it, too."""
        from .verification import verified

        (feature,) = self.features.find([name])
        found = verified(feature, self._stack, report, only)
        topic = self._settings.kafka.topic
        source = Mask.of_all(self.mask_of(topic(each.topic)) for each in feature.sources)
        return found.keep(self.proofs, self._findings, self.mask_of(topic(feature.topic)), source)

    def prove(self, name: str, report: Callable[[str], None] = lambda _: None) -> Proof:
        """Verify a job in a process of its own, of the lowest priority.

        Raises:
            PipelineError: It cannot be verified; the message says why.
        """
        return prove(self._settings, name, report)

    def prove_on(self, report: Callable[[str], None]) -> None:
        """Prove the rows of all jobs as they become final, until `report` raises an exception.

        It returns at once if the profile's `prove_always` is off.

        Raises:
            PipelineError: The stack does not answer, or the process has ended.
        """
        if self._settings.prove_always:
            prove_on(self._settings, report)

    def write_test(
        self, wanted: WantedTest, report: Callable[[str], None] = lambda _: None
    ) -> WrittenTest:
        """Write a test of what a row is computed from, in a process of its own.

        Raises:
            PipelineError: It cannot be written; the message says why.
        """
        return write_test(self._settings, wanted, report)

    def findings(self, name: str) -> Findings | None:
        """Return the rows that the last comparison of a job found not to be equal.

        None before the first.

        Raises:
            InputError: The file with them cannot be read.
        """
        return self._findings.of(name)

    def _forget(self, names: Collection[str]) -> None:
        """Forget what is known of jobs whose state is discarded."""
        self.proofs.forget(names)
        self._findings.forget(names)
