"""One-line explanations of why a table is empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline import contract
from pipeline.model.jobs import JobState
from pipeline.model.stack import Health
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.session.view import Phase, View
from tui.streams.quarantined import Quarantine
from tui.table.filter import Filter

Reason = tuple[Piece, ...]

DELAY: Final = f"{contract.WATERMARK_DELAY.total_seconds():.0f} s"


def nothing_matches(filter: Filter, total: int, what: str) -> Reason:
    """Explain that no row matches the filter; empty when the filter is not the cause."""
    if not (filter and total):
        return ()
    return waits(f"None of {text.integer(total)} {what} matches {filter.text}; esc shows all.")


def why_empty(view: View, feature: str, source: str, otherwise: Callable[[], str]) -> Reason:
    """Explain why there are no rows of a feature.

    Args:
        view: The session's view.
        feature: The feature.
        source: The documented name of the topic that it reads.
        otherwise: Returns the reason when the whole stack is healthy.
    """
    line = view.job(feature)
    job = line.status if line is not None else None
    if view.data.error:
        return danger(f"Kafka is not reachable: {view.data.error.rstrip('.')}.")
    if view.reading.status is not None and view.reading.kafka is not Health.UP:
        if view.phase is Phase.STARTING:
            return waits("Waiting for Kafka.")
        return danger("Kafka is not reachable.")
    if not view.data.built_in and feature not in {sink.feature for sink in view.data.own}:
        return waits("No feature of this profile has rows for this table.")
    if job is not None and job.state is JobState.FAILED:
        return danger(f"The job {job.name} has failed; s in Jobs starts it again.")
    if job is not None and job.state is JobState.STOPPED:
        return waits(f"The job {job.name} is stopped; s in Jobs starts it.")
    of_transactions = source == contract.TRANSACTION_TOPIC
    if of_transactions and view.data.event_time_of(source).newest is None:
        if (bad := view.data.quarantine).total:
            return _all_invalid(bad)
        status = view.reading.status
        off = view.data.built_in and (status is None or not status.simulator.up)
        return waits(f"No transactions yet{'; the simulator is off' if off else ''}.")
    if not of_transactions and view.data.event_time_of(source).newest is None:
        invalid = "valid " if view.data.elsewhere.total else ""
        return waits(f"No {invalid}records in {source} yet.")
    if of_transactions and job is not None and job.state is JobState.STARTING:
        seen = counted(view.data.transactions_total, "transaction")
        return waits(f"The job {job.name} is starting; {seen} so far.")
    if job is not None and job.state is not JobState.RUNNING:
        return waits(f"The job {job.name} is {job.state.lower()}.")
    return waits(otherwise())


def _all_invalid(quarantine: Quarantine) -> Reason:
    ((commonest, count), *_) = quarantine.kinds
    example = next((row.reason for row in quarantine.rows if row.kind == commonest), commonest)
    seen = text.integer(quarantine.total)
    all_of = "The only record" if quarantine.total == 1 else f"All {seen} records"
    most = "" if count == quarantine.total else "mostly "
    verb = "is" if quarantine.total == 1 else "are"
    return danger(f"{all_of} so far {verb} invalid: {most}{example}. b lists them.")


def waits(message: str) -> Reason:
    return (Piece(text.clean(message), Tone.WAITS),)


def danger(message: str) -> Reason:
    """Return a reason in the tone of danger, since waiting will not help."""
    return (Piece(text.clean(message), Tone.DANGER),)
