"""Why a table is empty, in one line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from pipeline import schema
from pipeline.model import Health, JobState

from . import text
from .tones import Piece, Tone
from .topics import FLAGGED_TOPIC, ROLLING_TOPIC, WINDOWED_TOPIC
from .view import View

Reason = tuple[Piece, ...]

_WINDOW: Final = timedelta(minutes=360)
_DELAY: Final = f"{schema.WATERMARK_DELAY.total_seconds():.0f} s"


def why_no_jobs(view: View) -> Reason:
    """Why no jobs are listed."""
    if view.reading.problem is not None:
        return _danger(view.reading.problem.message)
    return _waits("Waiting for the first word from Flink.")


def why_no_users(view: View) -> Reason:
    """Why there is no row of the rolling feature."""
    return _why(
        view,
        ROLLING_TOPIC,
        lambda _: f"Waiting for the watermark: a row is final {_DELAY} of event time after it.",
    )


def why_no_windows(view: View) -> Reason:
    """Why there is no closed window."""
    return _why(view, WINDOWED_TOPIC, _next_window)


def why_no_flagged(view: View) -> Reason:
    """Why there is no flagged transaction."""
    seen = text.integer(view.data.transactions_total)
    return _why(view, FLAGGED_TOPIC, lambda _: f"None of {seen} transactions is flagged.")


def _why(view: View, topic: str, otherwise: Callable[[datetime], str]) -> Reason:
    job = view.job_for(topic)
    if view.data.error:
        return _danger(f"Kafka is not reachable: {view.data.error.rstrip('.')}.")
    if view.reading.status is not None and view.reading.kafka is not Health.UP:
        return _danger("Kafka is not reachable.")
    if job is not None and job.state is JobState.FAILED:
        return _danger(f"The job {job.name} has failed; s in Jobs starts it again.")
    if job is not None and job.state is JobState.STOPPED:
        return _waits(f"The job {job.name} is stopped; s in Jobs starts it.")
    if view.data.event_time is None:
        simulating = view.reading.status is not None and view.reading.status.simulator.up
        return _waits(
            "No transactions yet." if simulating else "No transactions yet; no simulator runs."
        )
    if job is not None and job.state is not JobState.RUNNING:
        return _waits(f"The job {job.name} is {job.state.lower()}.")
    return _waits(otherwise(view.data.event_time))


def _next_window(event_time: datetime) -> str:
    midnight = event_time.replace(hour=0, minute=0, second=0, microsecond=0)
    end = midnight + ((event_time - midnight) // _WINDOW + 1) * _WINDOW
    return f"The first window closes at {end:%Y-%m-%d %H:%M} and {_DELAY} of event time."


def _waits(message: str) -> Reason:
    return (Piece(text.clean(message), Tone.WAITS),)


def _danger(message: str) -> Reason:
    return (Piece(text.clean(message), Tone.DANGER),)
