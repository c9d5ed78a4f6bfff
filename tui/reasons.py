"""Why a table is empty, in one line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline import contract
from pipeline.model import Health, JobState

from . import text
from .filter import Filter
from .open_window import open_window
from .quarantine_kept import Quarantine
from .tones import Piece, Tone
from .topics import FLAGGED_TOPIC, ROLLING_TOPIC, WINDOW_TOPICS
from .view import Phase, View

Reason = tuple[Piece, ...]

_DELAY: Final = f"{contract.WATERMARK_DELAY.total_seconds():.0f} s"


def why_no_jobs(view: View) -> Reason:
    """Why no jobs are listed."""
    if view.reading.problem is not None:
        return _danger(view.reading.problem.message)
    return _waits("Waiting for the first word from Flink.")


def why_no_users(view: View) -> Reason:
    """Why there is no row of the rolling feature."""
    page = view.data.users
    return _nothing_matches(page.query.filter, page.total, "users") or _why(
        view,
        ROLLING_TOPIC,
        lambda: f"Waiting for the watermark: a row is final {_DELAY} of event time after it.",
    )


def why_no_windows(view: View) -> Reason:
    """Why there is no closed window."""
    windows = view.data.windows

    def next_window() -> str:
        window = open_window(view)
        return (
            f"The first window closes at {window.end:%Y-%m-%d %H:%M} and {_DELAY} of event time."
            if window
            else "No window is open."
        )

    return _nothing_matches(windows.query.filter, windows.total, "windows") or _why(
        view, WINDOW_TOPICS[windows.kind], next_window
    )


def why_no_flagged(view: View) -> Reason:
    """Why there is no flagged transaction."""
    page = view.data.flagged
    seen = text.integer(view.data.transactions_total)
    return _nothing_matches(page.query.filter, page.total, "flagged transactions") or _why(
        view, FLAGGED_TOPIC, lambda: f"None of {seen} transactions is flagged."
    )


def why_no_rows(view: View, topic: str, filter: Filter, total: int, error: str) -> Reason:
    """Why there is no row of a feature.

    Args:
        view: The console.
        topic: Where the feature writes.
        filter: What rows have to be like.
        total: How many there are without the filter.
        error: Why the topic cannot be read; empty when it can.
    """
    if error and not total:
        return _danger(f"{topic} cannot be read: {error.rstrip('.')}.")
    return _nothing_matches(filter, total, "rows") or _why(
        view,
        topic,
        lambda: f"Nothing in {topic} yet: results wait for the watermark, {_DELAY} of event time.",
    )


def _nothing_matches(filter: Filter, total: int, what: str) -> Reason:
    if not (filter and total):
        return ()
    return _waits(f"None of {text.integer(total)} {what} matches {filter.text}; esc shows all.")


def _why(view: View, topic: str, otherwise: Callable[[], str]) -> Reason:
    line = view.job_for(topic)
    job = line.status if line is not None else None
    if view.data.error:
        return _danger(f"Kafka is not reachable: {view.data.error.rstrip('.')}.")
    if view.reading.status is not None and view.reading.kafka is not Health.UP:
        if view.phase is Phase.STARTING:
            return _waits("Waiting for Kafka.")
        return _danger("Kafka is not reachable.")
    if job is not None and job.state is JobState.FAILED:
        return _danger(f"The job {job.name} has failed; s in Jobs starts it again.")
    if job is not None and job.state is JobState.STOPPED:
        return _waits(f"The job {job.name} is stopped; s in Jobs starts it.")
    if view.data.event_time.newest is None:
        if (bad := view.data.quarantine).total:
            return _all_invalid(bad)
        simulating = view.reading.status is not None and view.reading.status.simulator.up
        return _waits(
            "No transactions yet." if simulating else "No transactions yet; no simulator runs."
        )
    if job is not None and job.state is JobState.STARTING:
        seen = text.integer(view.data.transactions_total)
        return _waits(f"The job {job.name} is starting; {seen} transactions so far.")
    if job is not None and job.state is not JobState.RUNNING:
        return _waits(f"The job {job.name} is {job.state.lower()}.")
    return _waits(otherwise())


def _all_invalid(quarantine: Quarantine) -> Reason:
    ((commonest, count), *_) = quarantine.kinds
    example = next((row.reason for row in quarantine.rows if row.kind == commonest), commonest)
    seen = text.integer(quarantine.total)
    all_of = "The only record" if quarantine.total == 1 else f"All {seen} records"
    most = "" if count == quarantine.total else "mostly "
    verb = "is" if quarantine.total == 1 else "are"
    return _danger(f"{all_of} so far {verb} invalid: {most}{example}. b lists them.")


def _waits(message: str) -> Reason:
    return (Piece(text.clean(message), Tone.WAITS),)


def _danger(message: str) -> Reason:
    return (Piece(text.clean(message), Tone.DANGER),)
