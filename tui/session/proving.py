"""Proves jobs on request, one after the other, in a thread that waits for another process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Final

from pipeline.proof import Outcome, Proof
from tui.streams.problem import Problem

from .in_order import InOrder
from .view import Notice, Severity

if TYPE_CHECKING:
    from .backend import Backend

_log = logging.getLogger(__name__)

_SEVERITIES: Final = {
    Outcome.PROVED: Severity.INFORMATION,
    Outcome.NOT_JUDGED: Severity.WARNING,
    Outcome.WRONG: Severity.ERROR,
}
_WAITS: Final = "waiting for another proof"


class Proving:
    """Runs proofs and records their progress; safe in any thread.

    Args:
        backend: Returns the backend; called when a proof is run.
        notify: Called with notices to show.
        proved: Called after each proof, which the next status has.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        notify: Callable[[Notice], None],
        proved: Callable[[], None],
    ) -> None:
        self._backend = backend
        self._notify = notify
        self._proved = proved
        self._lock = threading.Lock()
        self._progress: dict[str, str] = {}
        self._tasks = InOrder("fraudwatch-prove")

    def progress(self, job: str) -> str:
        """Return what the proof of a job is doing; empty when none is asked for."""
        with self._lock:
            return self._progress.get(job, "")

    def give(self, jobs: Sequence[str]) -> None:
        """Prove jobs, except those whose proof is already asked for."""
        with self._lock:
            wanted = [job for job in jobs if job not in self._progress]
            self._progress |= dict.fromkeys(wanted, _WAITS)
        for job in wanted:
            self._tasks.give(partial(self._prove, job))
        if not jobs:
            self._notify(Notice("There are no jobs to prove."))
        elif not wanted:
            which = jobs[0] if len(jobs) == 1 else "Every job"
            self._notify(Notice(f"{which} is being proved already."))

    def _prove(self, job: str) -> None:
        self._set(job, "starting")
        try:
            proof = self._backend().prove(job, partial(self._set, job))
        except Exception as error:
            _log.warning("%s is not proved", job, exc_info=error)
            self._notify(Notice(f"{job} is not proved: {Problem.of(error)}", Severity.ERROR))
        else:
            self._notify(_notice(job, proof))
        with self._lock:
            del self._progress[job]
        self._proved()

    def _set(self, job: str, text: str) -> None:
        with self._lock:
            self._progress[job] = text


def _notice(job: str, proof: Proof) -> Notice:
    reasons = f": {'; '.join(proof.reasons)}" if proof.reasons else ""
    return Notice(f"{job} {proof.summary}{reasons}.", _SEVERITIES[proof.outcome])
