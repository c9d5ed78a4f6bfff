"""The steps of a start: which there are, how far they are, and what they wait for."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from pipeline.config import Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.model import Health, Step, StepState

from .local import parts
from .local.control import Control, GetReport, ProcessReport, Report

ReportSteps = Callable[[tuple[Step, ...]], None]

_POLL_SECONDS: Final = 0.1


def titles(settings: Settings) -> dict[str, str]:
    """The steps of a profile's start, by key, in the order in which they are shown."""
    own_kafka, own_flink = not settings.kafka.attached, not settings.flink.attached
    steps = {"jars": "Kafka and Flink jars" if own_kafka else "Flink jars"}
    steps["kafka"] = "Kafka broker" if own_kafka else "Kafka"
    steps["flink"] = "Flink"
    if own_kafka and not own_flink:
        steps["submitter"] = "Job submitter"
    if settings.sandbox:
        steps["topics"] = "Topics"
    if own_kafka:
        steps["simulator"] = "Simulator"
    return steps | {"jobs": "Feature jobs"}


class Steps:
    """The steps of one start; every change is reported as a whole. Safe to use from any thread.

    Args:
        report: Called with all steps after each change; never by two threads at once.
        titles: Of the steps that this start has, by key.
    """

    def __init__(self, report: ReportSteps, titles: Mapping[str, str]) -> None:
        self._report = report
        self._steps = {key: Step(key, title) for key, title in titles.items()}
        self._began: dict[str, float] = {}
        self._lock = threading.Lock()
        self._publish()

    @property
    def keys(self) -> frozenset[str]:
        """The keys of the steps that there are."""
        return frozenset(self._steps)

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
        taken = self._taken(key) if seconds is None else seconds
        with self._lock:
            before = self._steps.get(key)
            if before is None:
                return
            step = dataclasses.replace(before, state=state, detail=detail, seconds=taken)
            if step != before:
                self._steps[key] = step
                self._publish()

    def update_part(self, key: str, name: str, state: StepState, detail: str = "") -> None:
        """Say how far a part of a step is; one that is new comes after the others.

        Args:
            key: Which step.
            name: Which part.
            state: How far.
            detail: What it does, or why it failed.
        """
        seconds = self._taken(f"{key}/{name}") if state is not StepState.WAITING else 0.0
        part = Step(name, name, state, detail, seconds)
        with self._lock:
            parts = {each.key: each for each in self._steps[key].parts} | {name: part}
            self._steps[key] = dataclasses.replace(self._steps[key], parts=tuple(parts.values()))
            self._publish()

    @contextmanager
    def step(self, key: str, done: str = "") -> Iterator[None]:
        """Say that a step runs, and then that it is done or failed.

        Args:
            key: Which step.
            done: What to say of it when it is done.
        """
        self.update(key, StepState.RUNNING)
        try:
            yield
        except PipelineError as error:
            self.update(key, StepState.FAILED, error.message)
            raise
        self.update(key, StepState.DONE, done)

    def _taken(self, what: str) -> float:
        """Seconds since this was first asked."""
        now = time.monotonic()
        return now - self._began.setdefault(what, now)

    def _publish(self) -> None:
        self._report(tuple(self._steps.values()))


def fetch_jars(steps: Steps, settings: Settings, stop: Callable[[], bool] = lambda: False) -> None:
    """Download the jars that a profile needs and that are missing, telling how far it is.

    Raises:
        UnavailableError: A jar could not be had.
        Cancelled: `stop` said so.
    """
    with steps.step("jars"):
        parts.fetch_jars(settings, lambda far: steps.update("jars", StepState.RUNNING, far), stop)


def await_processes(
    control: Control, steps: Steps, on_kafka: Callable[[Report], None], *, patience: float = 300.0
) -> Report:
    """Wait until all processes that are shown are up.

    Args:
        control: A connection to the supervisor.
        steps: Told of each process.
        on_kafka: Called once, as soon as a broker of ours is up, while the others still start.
        patience: Seconds to wait.

    Raises:
        UnavailableError: A process does not come up.
    """
    deadline = time.monotonic() + patience
    told = False
    while True:
        report = control.ask(GetReport(), Report)
        awaited = [process for process in report.processes if process.name in steps.keys]
        for process in awaited:
            _show(steps, process)
        failed = [process for process in awaited if process.health is Health.FAILED]
        if failed or time.monotonic() > deadline:
            raise _did_not_come_up(awaited, patience)
        if not told and any(p.name == "kafka" and p.health is Health.UP for p in awaited):
            told = True
            on_kafka(report)
        if all(process.health is Health.UP for process in awaited):
            return report
        time.sleep(_POLL_SECONDS)


def _show(steps: Steps, process: ProcessReport) -> None:
    state = {
        Health.OFF: StepState.WAITING,
        Health.UP: StepState.DONE,
        Health.FAILED: StepState.FAILED,
    }.get(process.health, StepState.RUNNING)
    steps.update(process.name, state, process.detail, process.seconds)


def _did_not_come_up(awaited: Sequence[ProcessReport], patience: float) -> UnavailableError:
    missing = [process for process in awaited if process.health is not Health.UP]
    first = next((p for p in missing if p.health is Health.FAILED), missing[0])
    why = first.detail or f"it is not up after {patience:.0f} s"
    return UnavailableError(
        f"{first.title} does not start: {why}.", f"Look at `fraudwatch logs {first.name}`."
    )
