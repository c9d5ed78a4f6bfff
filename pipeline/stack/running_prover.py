"""Proves the rows of a profile's running jobs as they become final, one job after the other."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import duckdb

from pipeline.config import Settings
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.model.jobs import JobStatus
from pipeline.parity.batch import windows
from pipeline.parity.live import LiveJob
from pipeline.parity.running import Progress, RunningProof
from pipeline.parity.tables import refused_values_said, workspace
from pipeline.proof import Outcome, Proof
from pipeline.text.words import counted

from .endpoints import Stack
from .runtime import Runtime

_MEMORY: Final = 64
"""Of the database of each job, in megabytes."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Current:
    """The proof of one run of a job; closing it removes its database."""

    run: str
    proof: RunningProof
    opened: ExitStack


class RunningProver:
    """Goes from job to job, a step each.

    A job that is in doubt is compared as a whole, as by `verify`, and what that finds counts. One
    that was found wrong is left alone until its tasks are started again.

    Args:
        settings: Settings of the profile.
        report: Called with what is being done.
    """

    def __init__(self, settings: Settings, report: Callable[[str], None]) -> None:
        self._stack = Stack(settings)
        self._runtime = Runtime(settings)
        self._report = report
        self._current: dict[str, _Current] = {}
        self._left_alone: dict[str, str] = {}

    def round(self) -> None:
        """Make a step with each running job.

        Raises:
            PipelineError: Kafka or Flink does not answer.
        """
        endpoints = self._stack.endpoints()
        features = self._runtime.features
        jobs = self._stack.jobs(endpoints)
        running = {
            status.name: status
            for status in jobs.statuses(features.topics(endpoints.kafka))
            if status.run
        }
        for name in self._current.keys() - running.keys():
            self._end(name)
        for feature in features.find(tuple(running)):
            rest = self._stack.rest(endpoints.flink)
            self._step(
                feature, running[feature.name], LiveJob(feature, jobs, rest, endpoints.kafka)
            )

    def close(self) -> None:
        """Remove the databases."""
        for name in tuple(self._current):
            self._end(name)

    def _step(self, feature: Feature, status: JobStatus, job: LiveJob) -> None:
        name = feature.name
        if self._is_settled(status):
            self._end(name)
            return
        try:
            with refused_values_said(feature.sources):
                current = self._of(feature, status, job)
                progress = current.proof.step()
        except (InputError, duckdb.Error) as error:
            _log.warning("%s is not proved as it runs", name, exc_info=error)
            self._left_alone[name] = status.run
            return
        self._report(f"{name}: {counted(progress.rows, 'row')} proved, {progress.behind:,} behind")
        if progress.lost:
            self._end(name)
        elif progress.in_doubt:
            self._report(f"{name}: in doubt, comparing all rows")
            _, proof = self._runtime.verified(name, lambda text: self._report(f"{name}: {text}"))
            if proof.outcome is not Outcome.WRONG:
                current.proof.accept()
        elif progress.rows and not current.proof.doubted:
            self._runtime.proofs.keep(name, _proof(progress, status.run))

    def _is_settled(self, status: JobStatus) -> bool:
        last = self._runtime.proofs.last().get(status.name)
        wrong = last is not None and last.run == status.run and last.outcome is Outcome.WRONG
        return wrong or self._left_alone.get(status.name) == status.run

    def _of(self, feature: Feature, status: JobStatus, job: LiveJob) -> _Current:
        current = self._current.get(feature.name)
        if current is not None and current.run == status.run:
            return current
        self._end(feature.name)
        with ExitStack() as opening:
            database = opening.enter_context(
                workspace(feature.sources, windows(feature.table), memory=_MEMORY)
            )
            proof = RunningProof(feature, job.kafka, job, database)
            current = _Current(status.run, proof, opening.pop_all())
        self._current[feature.name] = current
        return current

    def _end(self, name: str) -> None:
        if (current := self._current.pop(name, None)) is not None:
            current.opened.close()


def _proof(progress: Progress, run: str) -> Proof:
    return Proof(
        outcome=Outcome.PROVED,
        rows=progress.rows,
        wrong=0,
        at=time.time(),
        run=run,
        waiting=progress.waiting,
        behind=progress.behind,
    )
