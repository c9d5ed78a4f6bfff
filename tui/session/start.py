"""What the steps of a start imply: whether Kafka can be read, and what each job is doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.model.jobs import JobStatus
from pipeline.model.stack import Step, StepState

from .job_control import RUNNING
from .view import Activity, Phase, View

_JOBS: Final = "jobs"


def kafka_answers(steps: Sequence[Step]) -> bool:
    """Whether Kafka is up and has its topics, so that they can be read."""
    states = {step.key: step.state for step in steps}
    return states.get("topics", states.get("kafka")) is StepState.DONE


def jobs_up(steps: Sequence[Step]) -> int:
    """Count the jobs that the start has got running."""
    return sum(part.state is StepState.DONE for part in _parts(steps))


def unfinished(steps: Sequence[Step]) -> list[Step]:
    """Return the steps that are not done, without the jobs, which have lines of their own."""
    return [step for step in steps if step.state is not StepState.DONE and step.key != _JOBS]


def no_start(view: View) -> str:
    """Return a headline for a failed start."""
    return "Could not attach" if view.attaches else "The stack did not come up"


def start_of(job: JobStatus, view: View) -> Activity | None:
    """Return what the start is doing with a job, or why it could not start it.

    None when the start does not handle the job, or no longer does.
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
        # The start ended before it reached this job, or attached to a stack where the job runs.
        return None
    return Activity(part.detail, busy=True, failed=False, at=view.since, waits=waits)


def _parts(steps: Sequence[Step]) -> tuple[Step, ...]:
    return next((step.parts for step in steps if step.key == _JOBS), ())
