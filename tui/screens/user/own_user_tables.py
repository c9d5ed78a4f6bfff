"""The tables of one user of the user's own stream: what features say, and records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.model.sinks import SinkColumn
from pipeline.sources import Source
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.feature_columns import FeatureColumns, written
from tui.streams.own_history import LatestResult, OwnHistory, OwnRecord
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable

_CELLS: Final = 60


@dataclass(frozen=True, slots=True)
class FeatureValue:
    """A value of the latest row of a feature.

    Attributes:
        result: The row.
        name: The column; empty for a feature that computes nothing, whose rows are counted.
        value: The value, as it is shown.
    """

    result: LatestResult
    name: str
    value: str


def values_of(history: OwnHistory) -> tuple[FeatureValue, ...]:
    """Return the values of the latest row of each feature."""
    return tuple(value for result in history.results for value in _values(result))


def _values(result: LatestResult) -> Iterator[FeatureValue]:
    computed = [
        FeatureValue(result, column.name, written(value, column))
        for column, value in zip(result.sink.columns, result.values, strict=True)
        if column.computed
    ]
    yield from computed or [FeatureValue(result, "", text.integer(result.rows))]


def _at(row: FeatureValue) -> str:
    return text.NOTHING if row.result.at is None else text.event_time(row.result.at)


VALUE_COLUMNS: Final = Columns[FeatureValue](
    Column(
        "feature",
        12,
        lambda row, _: [Piece(text.clean(row.result.sink.feature, _CELLS), Tone.QUIET)],
        name="feature",
        value=lambda row: row.result.sink.feature,
        grow=16,
    ),
    Column(
        "value of",
        10,
        lambda row, _: [Piece(text.clean(row.name, _CELLS) or "rows")],
        name="column",
        value=lambda row: row.name or "rows",
        grow=16,
    ),
    Column(
        "latest",
        12,
        lambda row, _: [Piece(row.value, Tone.STRONG)],
        name="latest",
        value=lambda row: row.value,
        right=True,
    ),
    Column(
        "event time",
        14,
        lambda row, _: [Piece(text.short_time(row.result.at), Tone.QUIET)],
        name="at",
        value=_at,
        drop=1,
    ),
)


class FeatureValuesTable(LiveTable[FeatureValue]):
    """The latest value of each column of each feature, for one user."""

    EXPORTS = True

    OPENS = False

    def __init__(self) -> None:
        super().__init__(
            VALUE_COLUMNS, lambda row: (row.result.sink.feature, row.name), id="user-windows"
        )

    def copied(self, row: FeatureValue) -> str:
        return row.value


class UserRecordsTable(LiveTable[OwnRecord]):
    """The user's records, newest first, with the columns that the source declares.

    Args:
        source: The stream.
        user: The user.
    """

    EXPORTS = True

    def __init__(self, source: Source, user: str) -> None:
        super().__init__(Columns(), lambda row: (row.partition, row.offset), id="user-transactions")
        self._source = source
        self._copied = user
        self._declared: tuple[SinkColumn, ...] = ()
        self._all = FeatureColumns(())
        self._fitted: Columns[OwnRecord] | None = None

    def lay_out(self, history: OwnHistory) -> None:
        """Set the columns, wide enough for these records."""
        if history.columns != self._declared:
            self._declared, self._all = history.columns, FeatureColumns(history.columns)
        self._all.fit(history.records)
        if self._all.fitted is not self._fitted:
            self._fitted = self._all.fitted
            self.use_columns(_arranged(self._fitted, self._source))

    def copied(self, row: OwnRecord) -> str:
        return self._copied


def _arranged(columns: Columns[OwnRecord], source: Source) -> Columns[OwnRecord]:
    """Put the time and the amount first; the user, who is the same in all, is only exported."""
    first = [name for name in (source.time, source.amount) if name is not None]
    by_name = {column.name: column for column in columns.declared}
    rest = [name for name in by_name if name not in (*first, source.user)]
    drawn = [by_name[name] for name in (*first, *rest) if name in by_name]
    return Columns(
        *drawn[:1],
        *([Column("", 1, _mark)] if source.label is not None else []),
        *drawn[1:],
        *(_undrawn(by_name[name]) for name in (source.user,) if name in by_name),
    )


def _undrawn(column: Column[OwnRecord]) -> Column[OwnRecord]:
    return Column(
        name=column.name,
        kind=column.kind,
        places=column.places,
        value=column.value,
        masked=column.masked,
        word=column.word,
    )


def _mark(row: OwnRecord, _: float) -> Sequence[Piece]:
    return [Piece("⚑", Tone.DANGER)] if row.flagged else []
