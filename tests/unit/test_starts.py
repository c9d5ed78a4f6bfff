"""Jobs of a start: the order in which they are submitted, and the progress of each."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest

from pipeline.config import KafkaSettings
from pipeline.errors import JobError
from pipeline.features import BUILT_IN, Feature
from pipeline.features.start_order import in_start_order
from pipeline.flink.journal import Journal
from pipeline.model.stack import Step, StepState
from pipeline.stack.endpoints import Endpoints, Stack
from pipeline.stack.job_starts import JobStarts
from pipeline.stack.startup import Steps


@dataclass
class FakeJobs:
    """Jobs that run when released; a refused one raises an error."""

    let: dict[str, threading.Event] = field(default_factory=dict)
    refused: str = ""

    def wait_running(self, job_id: str) -> None:
        assert self.let.setdefault(job_id, threading.Event()).wait(60)
        if job_id == self.refused:
            raise JobError(f"{job_id} ended at once.")


@dataclass
class FakeStack:
    """Accepts submissions; leaves running jobs alone."""

    jobs_of: FakeJobs
    runs: tuple[str, ...] = ()
    unfit: str = ""
    submitted: list[str] = field(default_factory=list)

    def endpoints(self) -> Endpoints:
        return cast(Endpoints, cast(Any, self))

    @property
    def kafka(self) -> None:
        return None

    def jobs(self, _: Endpoints) -> FakeJobs:
        return self.jobs_of

    def submit(
        self, _: FakeJobs, feature: Feature, __: KafkaSettings, report: Callable[[str], None]
    ) -> str:
        if feature.name not in self.runs:
            report("starting without state")
        if feature.name == self.unfit:
            raise JobError(f"Flink refused {feature.name}.")
        self.submitted.append(feature.name)
        return feature.name


class Progress:
    """Every state of the steps, and a way to wait for one."""

    def __init__(self) -> None:
        self.all: list[tuple[Step, ...]] = []
        self._more = threading.Condition()

    def __call__(self, steps: tuple[Step, ...]) -> None:
        with self._more:
            self.all.append(steps)
            self._more.notify_all()

    def parts(self) -> dict[str, tuple[StepState, str]]:
        (step,) = self.all[-1]
        return {part.key: (part.state, part.detail) for part in step.parts}

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._more:
            assert self._more.wait_for(condition, 60), self.all[-1]


def starts(stack: FakeStack, progress: Progress, *names: str) -> JobStarts:
    steps = Steps(progress, {"jobs": "Feature jobs"})
    return JobStarts(names or BUILT_IN.names, BUILT_IN, cast(Stack, cast(Any, stack)), steps)


def let_all(jobs: FakeJobs) -> None:
    for name in BUILT_IN.names:
        jobs.let.setdefault(name, threading.Event()).set()


def test_what_is_looked_at_first_starts_first() -> None:
    names = ("rolling", "tumbling", "flagged", "hopping", "cumulating", "mine", "another")
    assert in_start_order(names) == (
        *("rolling", "flagged", "tumbling"),
        *("mine", "another"),
        *("hopping", "cumulating"),
    )
    assert in_start_order(["cumulating", "mine", "tumbling"]) == ("tumbling", "mine", "cumulating")


def test_each_job_is_said_to_run_as_soon_as_it_does() -> None:
    jobs, progress = FakeJobs(), Progress()
    stack = FakeStack(jobs)
    start = starts(stack, progress)
    start.announce()
    assert set(progress.parts().values()) == {(StepState.WAITING, "waiting for Flink")}
    thread = threading.Thread(target=start.run)
    thread.start()
    progress.wait(lambda: len(stack.submitted) == 5)
    progress.wait(lambda: progress.parts()["cumulating"][1] == "waiting for its tasks")
    assert stack.submitted == ["rolling", "flagged", "tumbling", "hopping", "cumulating"]
    jobs.let.setdefault("flagged", threading.Event()).set()
    progress.wait(lambda: progress.parts()["flagged"] == (StepState.DONE, ""))
    assert progress.parts()["rolling"] == (StepState.RUNNING, "waiting for its tasks")
    let_all(jobs)
    thread.join(60)
    (step,) = progress.all[-1]
    assert (step.state, step.detail) == (StepState.DONE, ", ".join(BUILT_IN.names))
    # The listed order does not depend on the order of the start.
    assert tuple(part.key for part in step.parts) == BUILT_IN.names


def test_a_job_that_does_not_start_holds_up_no_other() -> None:
    jobs, progress = FakeJobs(refused="rolling"), Progress()
    let_all(jobs)
    start = starts(FakeStack(jobs, unfit="flagged"), progress)
    start.announce()
    start.run()
    (step,) = progress.all[-1]
    assert step.state is StepState.FAILED
    assert step.detail == "rolling ended at once. Flink refused flagged."
    assert progress.parts() == {
        "rolling": (StepState.FAILED, "rolling ended at once."),
        "tumbling": (StepState.DONE, ""),
        "flagged": (StepState.FAILED, "Flink refused flagged."),
        "hopping": (StepState.DONE, ""),
        "cumulating": (StepState.DONE, ""),
    }


def test_of_jobs_that_run_already_nothing_is_said_but_that() -> None:
    jobs, progress = FakeJobs(), Progress()
    let_all(jobs)
    start = starts(FakeStack(jobs, runs=BUILT_IN.names), progress)
    start.announce()
    start.run()
    said = {part.state for steps in progress.all for step in steps for part in step.parts}
    assert said == {StepState.WAITING, StepState.DONE}


def test_a_mistake_in_following_a_job_is_not_swallowed() -> None:
    class Broken(FakeJobs):
        def wait_running(self, job_id: str) -> None:
            raise RuntimeError(job_id)

    with pytest.raises(RuntimeError, match="rolling"):
        starts(FakeStack(Broken()), Progress(), "rolling").run()


def test_jobs_that_were_stopped_are_not_started(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "jobs.json")
    journal.update("tumbling", wanted=False)
    journal.update("flagged", wanted=True)
    never_started = {"rolling": True, "tumbling": True, "flagged": True, "rules": False}
    assert journal.wanted(never_started) == ("rolling", "flagged")
