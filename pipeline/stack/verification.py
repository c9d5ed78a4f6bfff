"""Verifies a job of a stack, and keeps what was found."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from pipeline.errors import InputError, PipelineError
from pipeline.features import Feature
from pipeline.parity.live import LiveJob
from pipeline.parity.report import Parity
from pipeline.parity.verify import verify
from pipeline.proof import Proof, Proofs

from .endpoints import Stack

_log = logging.getLogger(__name__)


def verified(
    feature: Feature, stack: Stack, proofs: Proofs, report: Callable[[str], None]
) -> tuple[Parity, Proof]:
    """Compare a live feature with its expression evaluated in batch.

    The result counts also if it cannot be kept.

    Args:
        feature: The feature.
        stack: Where its job runs.
        proofs: Where the result is kept.
        report: Called with what is being done.

    Raises:
        UnavailableError: The stack does not run.
    """
    endpoints = stack.endpoints()
    jobs = stack.jobs(endpoints)
    topics = {feature.name: endpoints.kafka.topic(feature.topic)}

    def run() -> str:
        (status,) = jobs.statuses(topics)
        return status.run

    job = LiveJob(feature, jobs, stack.rest(endpoints.flink), endpoints.kafka)
    before = run()
    parity = verify(feature, endpoints.kafka, job, report=report)
    # Tasks that were restarted meanwhile have not been compared as a whole.
    proof = parity.as_proof(at=time.time(), run=before if _is_still(before, run) else "")
    try:
        proofs.keep(feature.name, proof)
    except InputError as error:
        _log.warning("the proof of %s is not kept: %s", feature.name, error)
    return parity, proof


def _is_still(before: str, run: Callable[[], str]) -> bool:
    try:
        return run() == before
    except PipelineError:
        return False
