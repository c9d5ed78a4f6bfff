"""A profile with the signal of rules, and rows that it has scored."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from pipeline.model.sinks import Sink, SinkColumn
from tui.streams.source import Batch

from .fakes import JOBS, SINKS, STATUS, FakeBackend, sink
from .sample_rows import EVENT_TIME, user

COLUMNS: Final = (
    SinkColumn("user_id", "int64", computed=False),
    SinkColumn("trans_date_trans_time", "timestamp(3)", computed=False),
    SinkColumn("amt", "float64", computed=False),
    SinkColumn("is_fraud", "int32", computed=False),
    SinkColumn("hour", "int64", computed=True),
    SinkColumn("score", "float64", computed=True),
    SinkColumn("reasons", "string", computed=True),
)


def signal_sink(name: str = "rules", threshold: float = 0.5, **changes: Any) -> Sink:
    """The sink of a signal on transactions."""
    topic = f"fraud_signals_{name}"
    made = sink(name, topic, *COLUMNS)
    return replace(made, threshold=threshold, amount="amt", label="is_fraud", **changes)


RULES: Final = signal_sink()
RULES_JOB: Final = replace(JOBS[0], name="rules", topic=RULES.topic)
_REASONS: Final = (
    "Amount above 500.",
    "Amount above 500. More than 4 times the user's mean of 30 days.",
    "An amount above 500 in the last 24 hours. Between 22 and 4 o'clock.",
)


def scored(number: int, **changes: Any) -> tuple[Any, ...]:
    """One of a series of rows, going back in time; one in seven is an alert, one in nine fraud."""
    values = {
        "user_id": user(number * number % 29),
        "trans_date_trans_time": EVENT_TIME - timedelta(seconds=173 * number),
        "amt": round(12.5 + 173.17 * (number * 7 % 11), 2),
        "is_fraud": int(number % 9 < 2) if number % 5 else None,
        "hour": number % 24,
        "score": (0.5 + number * 7 % 50 / 100) if number % 7 == 0 else (number * 3 % 50) / 100,
        "reasons": _REASONS[number % 3] if number % 7 == 0 else "",
    }
    return tuple((values | changes).values())


def scored_batch(count: int = 700) -> Batch:
    """The rows of the signal of rules, repeated as by a job that was restarted."""
    rows = [scored(number) for number in range(count)]
    return Batch(sinks={"rules": [*rows, *rows[:50]]})


def backend(*, runs: bool = True, **changes: Any) -> FakeBackend:
    """A stack whose profile has the signal of rules."""
    jobs = (*JOBS, RULES_JOB) if runs else JOBS
    return FakeBackend(
        features=(*SINKS, RULES, signal_sink("model", 0.8123)),
        stack=replace(STATUS, jobs=jobs),
        **changes,
    )
