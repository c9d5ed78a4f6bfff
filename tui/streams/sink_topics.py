"""The sink topics that the console reads, and what their records hold.

Those of the built-in features are listed here, with the type of their rows. Those of a user's own
features are known once the pipeline is loaded, which would delay the first paint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pipeline import contract
from pipeline.contract import CumulatingRow, RollingRow, Transaction, WindowRow
from pipeline.model.sinks import Sink, SinkColumn

from .record_view import RecordView

RowT = TypeVar("RowT")
Values = tuple[Any, ...]
"""A row of a user's own feature: a value per column, None for one that is not of its type."""


@dataclass(frozen=True, slots=True)
class WithRecord(Generic[RowT]):
    """A row with the record it was read from; a long value is truncated."""

    record: RecordView
    row: RowT


@dataclass(frozen=True, slots=True)
class SinkTopic(Generic[RowT]):
    """A topic that a feature's job writes.

    Attributes:
        feature: Name of the feature and of its job.
        topic: Documented name of the topic.
        kind: The type that a record's value is decoded to; `tuple` for `Values`.
        with_record: Whether rows are wrapped in `WithRecord`.
        columns: The columns of `Values`; empty for a built-in feature.
        source: The documented name of the topic that the feature reads.
        time: The column of `Values` with the event time; empty for a built-in feature.
        user: The column of `Values` that says whose a row is; None if there is none.
        threshold: The score from which a row is an alert; None for what is no signal.
        amount: The column of a signal's `Values` with the amount; None if there is none.
        label: The column of a signal's `Values` that says whether it is fraud; None likewise.
        identity: The column of a signal's `Values` that names the record; None likewise.
        since: Records written before are of no interest, in seconds since the epoch; None if all
            are.
        live: Whether it is the signal whose alerts are worked on.
        labelled: Whether its rows are the records of its source that are labelled as fraud, which
            have no topic of their own.
    """

    feature: str
    topic: str
    kind: type[Any]
    with_record: bool = False
    columns: tuple[SinkColumn, ...] = ()
    source: str = contract.TRANSACTION_TOPIC
    time: str = ""
    user: str | None = None
    threshold: float | None = None
    amount: str | None = None
    label: str | None = None
    identity: str | None = None
    since: float | None = None
    live: bool = False
    labelled: bool = False


ROLLING: Final[SinkTopic[RollingRow]] = SinkTopic("rolling", contract.ROLLING_TOPIC, RollingRow)
TUMBLING: Final[SinkTopic[WindowRow]] = SinkTopic("tumbling", contract.TUMBLING_TOPIC, WindowRow)
HOPPING: Final[SinkTopic[WindowRow]] = SinkTopic("hopping", contract.HOPPING_TOPIC, WindowRow)
CUMULATING: Final[SinkTopic[WindowRow]] = SinkTopic(
    "cumulating", contract.CUMULATING_TOPIC, CumulatingRow
)
WINDOW_SINKS: Final = (TUMBLING, HOPPING, CUMULATING)
FLAGGED: Final[SinkTopic[WithRecord[Transaction]]] = SinkTopic(
    "flagged", contract.FLAGGED_TOPIC, Transaction, with_record=True
)
_BUILT_IN: Final = frozenset(sink.feature for sink in (ROLLING, *WINDOW_SINKS, FLAGGED))


def is_signal(sink: SinkTopic[Any]) -> bool:
    """Whether a feature gives each record a score."""
    return sink.threshold is not None


def has_user(sink: SinkTopic[Values]) -> bool:
    """Whether a feature's rows say whose they are."""
    return not sink.labelled and any(
        column.name == sink.user and not column.hidden for column in sink.columns
    )


def is_rolling(sink: SinkTopic[Values]) -> bool:
    """Whether a feature computes something for each record, which is no score."""
    names = {column.name for column in sink.columns}
    computes = any(column.computed for column in sink.columns)
    elsewhere = "window_end" in names or is_signal(sink)
    return computes and sink.time in names and not elsewhere


def picks_records(sink: SinkTopic[Values]) -> bool:
    """Whether it picks records of its source, and computes nothing: a feature, or a label."""
    return sink.with_record


def _picks(sink: Sink) -> bool:
    names = {column.name for column in sink.columns}
    return sink.time in names and not any(column.computed for column in sink.columns)


def own_sinks(sinks: Iterable[Sink]) -> tuple[SinkTopic[Values], ...]:
    """Return the sink topics of the features that are not built in, and labelled records."""
    return tuple(
        SinkTopic(
            sink.feature,
            sink.topic,
            tuple,
            with_record=_picks(sink),
            columns=sink.columns,
            source=sink.source,
            time=sink.time,
            user=sink.user,
            threshold=sink.threshold,
            amount=sink.amount,
            label=sink.label,
            identity=sink.identity,
            since=sink.since,
            live=sink.live,
            labelled=sink.labelled,
        )
        for sink in sinks
        if sink.feature not in _BUILT_IN
    )
