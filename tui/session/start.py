"""What the steps of a start say about the rest of the console: what can be read, what jobs do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.model import JobStatus, Step, StepState

from .job_control import RUNNING
from .view import Activity, Phase, View

_JOBS: Final = "jobs"


def kafka_answers(steps: Sequence[Step]) -> bool:
    """Whether Kafka is up and has its topics: before, it would be asked for what is not there."""
    states = {step.key: step.state for step in steps}
    return states.get("topics", states.get("kafka")) is StepState.DONE


def jobs_up(steps: Sequence[Step]) -> int:
    """How many of its jobs the start has brought to run."""
    return sum(part.state is StepState.DONE for part in _parts(steps))


def unfinished(steps: Sequence[Step]) -> list[Step]:
    """The steps that are not done; jobs have lines of their own."""
    return [step for step in steps if step.state is not StepState.DONE and step.key != _JOBS]


def no_start(view: View) -> str:
    """What to say of a start that has failed."""
    return "Could not attach" if view.attaches else "The stack did not come up"


def start_of(job: JobStatus, view: View) -> Activity | None:
    """What the start is doing with a job, or why it could not start it.

    None when it has nothing to do with the job, or not any more.
    """
    part = next((part for part in _parts(view.steps) if part.key == job.name), None)
    if part is None or part.state is StepState.DONE:
        return None
    runs = job.state in RUNNING
    if part.state is StepState.FAILED:
        failed = Activity(part.detail, busy=False, failed=True, at=view.since)
        return None if runs else failed
    waits = part.state is StepState.WAITING
    if view.phase is not Phase.STARTING or (waits and runs):
        # The start has ended before it came to this job, or attaches to a stack where it runs.
        return None
    return Activity(part.detail, busy=True, failed=False, at=view.since, waits=waits)


def _parts(steps: Sequence[Step]) -> tuple[Step, ...]:
    return next((step.parts for step in steps if step.key == _JOBS), ())
