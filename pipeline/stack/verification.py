"""Verifies a job of a stack, and keeps what was found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from pipeline.config import KafkaSettings
from pipeline.errors import InputError, PipelineError
from pipeline.features import Feature
from pipeline.findings import KeptFindings
from pipeline.kafka.topics import topic_ids
from pipeline.parity.chosen import typed
from pipeline.parity.live import LiveJob
from pipeline.parity.report import Parity, as_shown
from pipeline.parity.verify import verify
from pipeline.proof import Proof, Proofs
from pipeline.sources.masking import Mask

from .endpoints import Stack

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Verified:
    """A comparison that has ended.

    Attributes:
        feature: The feature.
        parity: What it found.
        proof: What is kept of it.
        whole: Whether it lists all mismatches, rather than chosen rows.
    """

    feature: Feature
    parity: Parity
    proof: Proof
    whole: bool

    def keep(
        self, proofs: Proofs, findings: KeptFindings, mask: Mask, source: Mask
    ) -> tuple[Parity, Proof]:
        """Keep it, as it is shown, and return it likewise; it counts also if it cannot be kept.

        Args:
            proofs: Where proofs are kept.
            findings: Where findings are kept.
            mask: What is hidden in the feature's topic.
            source: What is hidden in the topics that it reads.
        """
        shown, proof = as_shown(self.parity, mask, source), self.proof
        try:
            if self.whole:
                found = shown.as_findings(proof, self.feature.source, source.fields)
                findings.keep(shown.name, found)
            proofs.keep(shown.name, proof)
        except InputError as error:
            _log.warning("the proof of %s is not kept: %s", shown.name, error)
        return shown, proof


def verified(
    feature: Feature, stack: Stack, report: Callable[[str], None], only: Mapping[str, str]
) -> Verified:
    """Compare a live feature with its expression evaluated in batch.

    Args:
        feature: The feature.
        stack: Where its job runs.
        report: Called with what is being done.
        only: List the rows with these values, by identity column, also if they are equal; if
            empty, all mismatches.

    Raises:
        InputError: A column does not identify the feature's rows, or a value is not of its type.
        UnavailableError: The stack does not run.
    """
    typed(feature, only)
    endpoints = stack.endpoints()
    jobs = stack.jobs(endpoints)
    topics = {feature.name: endpoints.kafka.topic(feature.topic)}

    def run() -> str:
        (status,) = jobs.statuses(topics)
        return status.run

    job = LiveJob(feature, jobs, stack.rest(endpoints.flink), endpoints.kafka)
    before = run()
    parity = verify(feature, endpoints.kafka, job, report=report, only=only)
    if parity.missing or parity.different:
        recreated = _recreated(jobs.topic_ids(feature.name), endpoints.kafka)
        parity = replace(parity, recreated=recreated)
    # Tasks that were restarted meanwhile have not been compared as a whole.
    proof = parity.as_proof(at=time.time(), run=before if _is_still(before, run) else "")
    return Verified(feature, parity, proof, whole=not only)


def _recreated(begun: Mapping[str, str], kafka: KafkaSettings) -> tuple[str, ...]:
    """Return the topics that have another id than at the start of a job without state."""
    now = topic_ids(kafka, begun) if begun else {}
    return tuple(name for name, id in begun.items() if now.get(name, id) != id)


def _is_still(before: str, run: Callable[[], str]) -> bool:
    try:
        return run() == before
    except PipelineError:
        return False
