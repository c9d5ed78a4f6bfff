"""The columns of a table of any feature's rows, as wide as their values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Protocol, TypeVar

from rich.cells import cell_len

from pipeline.model.sinks import SinkColumn
from pipeline.sources.column_types import digits, is_decimal
from pipeline.sources.masking import masked
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.feature_rows import kind
from tui.table.column import Column, Columns
from tui.table.query import Page, Query, select

_MOST_CELLS: Final = 24
_MOST_TITLE_CELLS: Final = 32
_GROW: Final = 16
# Enough to estimate the width of values.
_LOOKED_AT: Final = 200
_TEXT_CELLS: Final = 80
_LEAST_PLACES: Final = 4
_FIRST_TO_GO: Final = 1_000
_WINDOW_END: Final = "window_end"


class HasValues(Protocol):
    """A row with a value per column."""

    @property
    def values(self) -> tuple[Any, ...]: ...


RowT = TypeVar("RowT")
HasValuesT = TypeVar("HasValuesT", bound=HasValues)


class FeatureColumns:
    """The columns of one feature, wide enough for the values seen; they never become narrower.

    Args:
        columns: The columns that the feature declares.
    """

    def __init__(self, columns: Sequence[SinkColumn]) -> None:
        self._declared = columns
        self._widths = (0,) * len(columns)
        self.fitted: Columns[Any] = self._made()
        """The columns for the rows so far; the same object while no width changes."""

    def fit(self, rows: Sequence[HasValues]) -> None:
        """Make the columns wide enough for these rows."""
        looked_at = [row.values for row in rows[:_LOOKED_AT]]
        widths = tuple(
            max([wide, *(cell_len(written(values[place], column)) for values in looked_at)])
            for place, (column, wide) in enumerate(zip(self._declared, self._widths, strict=True))
        )
        if widths != self._widths:
            self._widths = widths
            self.fitted = self._made()

    def select(
        self, rows: Iterable[HasValuesT], query: Query, time: str, most: int | None
    ) -> Page[HasValuesT]:
        """Answer a query from rows; latest first, unless it sorts by one of the columns.

        Args:
            rows: All rows.
            query: The query.
            time: The column with the event time.
            most: Maximum number of rows of the page; None for all.
        """
        return latest_first(rows, query, self.fitted, time, most)

    def _made(self) -> Columns[Any]:
        grouped = any(column.name == _WINDOW_END for column in self._declared)
        placed = enumerate(zip(self._declared, self._widths, strict=True))
        return Columns(
            *(
                _column(place, column, width, _drop(place, column, grouped=grouped))
                for place, (column, width) in placed
            )
        )


def columns_of(columns: Sequence[SinkColumn]) -> Columns[Any]:
    """Return the columns that a feature declares, to filter, sort and export by."""
    return FeatureColumns(columns).fitted


def written(value: Any, column: SinkColumn) -> str:
    """Format a value: results with thousands separators, ids without, and dots for hidden ones."""
    if column.hidden and value is not None:
        return masked(value)
    match value:
        case None:
            return text.NOTHING
        case bool():
            return "true" if value else "false"
        case datetime():
            return text.event_time(value)
        case int():
            return text.integer(value) if column.computed else str(value)
        case Decimal():
            return f"{value:,.{_places(value, column)}f}"
        case float():
            return text.money(value) if abs(value) >= 1 or value == 0 else f"{value:.4g}"
    return text.clean(value, _TEXT_CELLS)


def _places(value: Decimal, column: SinkColumn) -> int:
    """Return the digits behind the point: all that are written, and up to four of the type.

    Flink leaves out zeros at the end, without which the points would not be below each other.
    """
    exponent = value.as_tuple().exponent
    written = max(0, -exponent) if isinstance(exponent, int) else 0
    return max(written, min(_LEAST_PLACES, digits(column.type)[1]))


def _drop(place: int, column: SinkColumn, *, grouped: bool) -> int:
    """Return the order in which columns that do not fit are dropped: the highest first."""
    # The end of a window is the most useful of its columns.
    if column.name == "window_start":
        return 2 * _FIRST_TO_GO
    # Without windows, what is not computed was copied from the transaction.
    copied = not grouped and not column.computed and place > 0
    return place + (_FIRST_TO_GO if copied else 0)


def _column(place: int, column: SinkColumn, width: int, drop: int) -> Column[HasValues]:
    numbers = kind(column) in (int, float, Decimal)
    title = text.clean(column.name, _MOST_TITLE_CELLS)

    def cell(row: HasValues, _: float) -> Sequence[Piece]:
        value = row.values[place]
        quiet = value is None or (not column.computed and kind(column) is datetime)
        return [Piece(written(value, column), Tone.QUIET if quiet else Tone.PLAIN)]

    def hidden(row: HasValues) -> str | None:
        value = row.values[place]
        return None if value is None else masked(value)

    return Column(
        title,
        # Includes the arrow of a sorted column.
        min(_MOST_CELLS, max(width, cell_len(title) + 1)),
        cell,
        name=column.name,
        kind=kind(column),
        places=digits(column.type)[1] if is_decimal(column.type) else 0,
        value=lambda row: row.values[place],
        masked=hidden if column.hidden else None,
        word=kind(column) is str,
        right=numbers,
        drop=drop,
        grow=0 if numbers or width <= _MOST_CELLS else _GROW,
    )


def latest_first(
    rows: Iterable[RowT], query: Query, columns: Columns[RowT], time: str, most: int | None
) -> Page[RowT]:
    """Answer a query from rows; latest first, unless it sorts by one of the columns.

    Args:
        rows: All rows.
        query: The query.
        columns: Their columns.
        time: The column with the event time.
        most: Maximum number of rows of the page; None for all.
    """
    known = query.sort in columns.kinds
    asked = query if known else replace(query, sort=time, descending=True)
    return replace(select(rows, asked, columns, most), query=query)
