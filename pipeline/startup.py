"""Bringing the local stack up, step by step, as much at the same time as can be."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pipeline.errors import PipelineError, UnavailableError
from pipeline.local import jars
from pipeline.local.control import Control, GetReport, ProcessReport, Report
from pipeline.local.jars import Progress
from pipeline.model import Health, Step, StepState

ReportSteps = Callable[[tuple[Step, ...]], None]

_POLL_SECONDS: Final = 0.1
_MIB: Final = 1024 * 1024

TITLES: Final = {
    "jars": "Kafka and the connector",
    "kafka": "Kafka broker",
    "jobmanager": "Flink JobManager",
    "taskmanager": "Flink TaskManager",
    "submitter": "Job submitter",
    "topics": "Topics",
    "simulator": "Simulator",
    "jobs": "Feature jobs",
}


class Steps:
    """The steps of one start; every change is reported as a whole.

    Args:
        report: Told the steps after each change.
        leave_out: Keys of the steps that this start does not have.
    """

    def __init__(self, report: ReportSteps, leave_out: frozenset[str] = frozenset()) -> None:
        self._report = report
        self._steps = {
            key: Step(key, title) for key, title in TITLES.items() if key not in leave_out
        }
        self._began: dict[str, float] = {}
        self._publish()

    @property
    def failed(self) -> tuple[Step, ...]:
        """The steps that failed."""
        return tuple(step for step in self._steps.values() if step.state is StepState.FAILED)

    def update(
        self, key: str, state: StepState, detail: str = "", seconds: float | None = None
    ) -> None:
        """Say how far a step is.

        Args:
            key: Which step.
            state: How far.
            detail: Progress, or why it failed.
            seconds: How long it has taken; measured from its first update when None.
        """
        began = self._began.setdefault(key, time.monotonic())
        taken = time.monotonic() - began if seconds is None else seconds
        step = dataclasses.replace(self._steps[key], state=state, detail=detail, seconds=taken)
        if step != self._steps[key]:
            self._steps[key] = step
            self._publish()

    def _publish(self) -> None:
        self._report(tuple(self._steps.values()))


def fetch_jars(
    steps: Steps, directory: Path, repository: str, stop: Callable[[], bool] = lambda: False
) -> None:
    """Download the jars that are missing, telling how far it is.

    Raises:
        UnavailableError: A jar could not be had.
        Cancelled: `stop` said so.
    """

    def show(progress: Progress) -> None:
        received, total = progress.received / _MIB, progress.size_total / _MIB
        files = f"{progress.files} of {progress.files_total} files"
        steps.update("jars", StepState.RUNNING, f"{received:,.0f} of {total:,.0f} MiB, {files}")

    steps.update("jars", StepState.RUNNING)
    try:
        jars.fetch(jars.manifest().jars, directory, repository=repository, report=show, stop=stop)
    except PipelineError as error:
        steps.update("jars", StepState.FAILED, error.message)
        raise
    steps.update("jars", StepState.DONE)


def await_processes(
    control: Control, steps: Steps, on_kafka: Callable[[Report], None], *, patience: float = 120.0
) -> Report:
    """Wait until all processes are up.

    Args:
        control: A connection to the supervisor.
        steps: Told of each process.
        on_kafka: Called once, as soon as the broker is up, while the others still start.
        patience: Seconds to wait.

    Raises:
        UnavailableError: A process does not come up.
    """
    deadline = time.monotonic() + patience
    waiting_for_kafka = True
    while True:
        report = control.ask(GetReport(), Report)
        for process in report.processes:
            _show(steps, process)
        failed = [process for process in report.processes if process.health is Health.FAILED]
        if failed or time.monotonic() > deadline:
            raise _did_not_come_up(report, patience)
        if waiting_for_kafka and _health(report, "kafka") is Health.UP:
            waiting_for_kafka = False
            on_kafka(report)
        if report.up:
            return report
        time.sleep(_POLL_SECONDS)


def _show(steps: Steps, process: ProcessReport) -> None:
    state = {
        Health.OFF: StepState.WAITING,
        Health.UP: StepState.DONE,
        Health.FAILED: StepState.FAILED,
    }.get(process.health, StepState.RUNNING)
    steps.update(process.name, state, process.detail, process.seconds)


def _health(report: Report, name: str) -> Health:
    return next(process.health for process in report.processes if process.name == name)


def _did_not_come_up(report: Report, patience: float) -> UnavailableError:
    missing = [process for process in report.processes if process.health is not Health.UP]
    first = next((p for p in missing if p.health is Health.FAILED), missing[0])
    why = first.detail or f"it is not up after {patience:.0f} s"
    return UnavailableError(
        f"The {first.title} does not start: {why}.", f"Look at `fraudwatch logs {first.name}`."
    )
