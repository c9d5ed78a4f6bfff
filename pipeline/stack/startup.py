"""The steps of a start: which there are, their progress, and what they wait for."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from pipeline.config import Settings
from pipeline.errors import PipelineError, UnavailableError
from pipeline.model.stack import Health, Step, StepState

from .local import parts
from .local.control import Control, GetReport, ProcessReport, Report

ReportSteps = Callable[[tuple[Step, ...]], None]

_POLL_SECONDS: Final = 0.1


def titles(settings: Settings) -> dict[str, str]:
    """Return the titles of the steps of a profile's start by key, in display order."""
    own_kafka, own_flink = not settings.kafka.attached, not settings.flink.attached
    steps = {"jars": "Kafka and Flink jars" if own_kafka else "Flink jars"}
    steps["kafka"] = "Kafka broker" if own_kafka else "Kafka"
    steps["flink"] = "Flink"
    if own_kafka and not own_flink:
        steps["submitter"] = "Job submitter"
    if settings.sandbox:
        steps["topics"] = "Topics"
    if own_kafka and settings.built_in:
        steps["simulator"] = "Simulator"
    return steps | {"jobs": "Feature jobs"}


class Steps:
    """The steps of one start; every change reports all of them. Thread-safe.

    Args:
        report: Called with all steps after each change, never concurrently.
        titles: Titles of the steps by key.
    """

    def __init__(self, report: ReportSteps, titles: Mapping[str, str]) -> None:
        self._report = report
        self._steps = {key: Step(key, title) for key, title in titles.items()}
        self._began: dict[str, float] = {}
        self._lock = threading.Lock()
        self._publish()

    @property
    def keys(self) -> frozenset[str]:
        """Keys of the steps of this start."""
        return frozenset(self._steps)

    @property
    def failed(self) -> tuple[Step, ...]:
        return tuple(step for step in self._steps.values() if step.state is StepState.FAILED)

    def update(
        self, key: str, state: StepState, detail: str = "", seconds: float | None = None
    ) -> None:
        """Update a step.

        Args:
            key: The step's key.
            state: Its new state.
            detail: Progress, or why it failed.
            seconds: How long it has taken; measured from its first update if None.
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
        """Update a part of a step; a new part is added after the others.

        Args:
            key: The step's key.
            name: The part's name.
            state: Its new state.
            detail: Progress, or why it failed.
        """
        seconds = self._taken(f"{key}/{name}") if state is not StepState.WAITING else 0.0
        part = Step(name, name, state, detail, seconds)
        with self._lock:
            parts = {each.key: each for each in self._steps[key].parts} | {name: part}
            self._steps[key] = dataclasses.replace(self._steps[key], parts=tuple(parts.values()))
            self._publish()

    @contextmanager
    def step(self, key: str, done: str = "") -> Iterator[None]:
        """Mark a step as running, and then as done or failed.

        Args:
            key: The step's key.
            done: Detail to show when it is done.
        """
        self.update(key, StepState.RUNNING)
        try:
            yield
        except PipelineError as error:
            self.update(key, StepState.FAILED, error.message)
            raise
        self.update(key, StepState.DONE, done)

    def _taken(self, what: str) -> float:
        """Return the seconds since the first call for this key."""
        now = time.monotonic()
        return now - self._began.setdefault(what, now)

    def _publish(self) -> None:
        self._report(tuple(self._steps.values()))


def fetch_jars(steps: Steps, settings: Settings, stop: Callable[[], bool] = lambda: False) -> None:
    """Download the missing jars of a profile, and report the progress.

    Raises:
        UnavailableError: A jar could not be downloaded.
        Cancelled: `stop` returned True.
    """
    with steps.step("jars"):
        parts.fetch_jars(settings, lambda far: steps.update("jars", StepState.RUNNING, far), stop)


def await_processes(
    control: Control, steps: Steps, on_kafka: Callable[[Report], None], *, patience: float = 300.0
) -> Report:
    """Wait until all processes that are shown as steps are up.

    Args:
        control: A connection to the supervisor.
        steps: Updated with each process.
        on_kafka: Called once, as soon as a managed broker is up, while the others still start.
        patience: Timeout in seconds.

    Raises:
        UnavailableError: A process does not come up.
    """
    deadline = time.monotonic() + patience
    announced = False
    while True:
        report = control.ask(GetReport(), Report)
        awaited = [process for process in report.processes if process.name in steps.keys]
        for process in awaited:
            _show(steps, process)
        failed = [process for process in awaited if process.health is Health.FAILED]
        if failed or time.monotonic() > deadline:
            raise _did_not_come_up(awaited, patience)
        if not announced and any(p.name == "kafka" and p.health is Health.UP for p in awaited):
            announced = True
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
