"""A table of any feature's rows, with the feature's columns, as wide as their values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rich.cells import cell_len

from pipeline.model import SinkColumn
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.feature_rows import FeatureRow, kind
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable
from tui.table.query import Query
from tui.widgets.record_pane import copy_value

_MOST_CELLS: Final = 24
_MOST_TITLE_CELLS: Final = 32
_GROW: Final = 16
# Enough to estimate the width of values.
_LOOKED_AT: Final = 200
_TEXT_CELLS: Final = 80
_FIRST_TO_GO: Final = 1_000


class FeatureTable(LiveTable[FeatureRow]):
    """Rows of a feature, newest first unless sorted otherwise."""

    EXPORTS = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(
            Columns(), lambda row: (row.record.partition, row.record.offset), query=Query(), id=id
        )
        self._shown: tuple[tuple[SinkColumn, ...], tuple[int, ...]] = ((), ())

    def lay_out(self, columns: tuple[SinkColumn, ...], rows: Sequence[FeatureRow]) -> None:
        """Set the columns, wide enough for these rows; they never become narrower."""
        known, before = self._shown
        widest = before if known == columns else (0,) * len(columns)
        widths = tuple(
            max(wide, *(cell_len(written(row.values[place], column)) for row in rows[:_LOOKED_AT]))
            if rows
            else wide
            for place, (column, wide) in enumerate(zip(columns, widest, strict=True))
        )
        if (columns, widths) != self._shown:
            self._shown = (columns, widths)
            self.columns = columns_of(columns, widths)
            self.refresh()

    def action_copy(self) -> None:
        """Copy the selected row's JSON."""
        if self.selected is not None:
            copy_value(self, self.selected.record)


def written(value: Any, column: SinkColumn) -> str:
    """Format a value: results with thousands separators, ids without."""
    match value:
        case None:
            return text.NOTHING
        case bool():
            return "true" if value else "false"
        case datetime():
            return text.event_time(value)
        case int():
            return text.integer(value) if column.computed else str(value)
        case float():
            return text.money(value) if abs(value) >= 1 or value == 0 else f"{value:.4g}"
    return text.clean(value, _TEXT_CELLS)


def columns_of(columns: Sequence[SinkColumn], widths: Sequence[int] = ()) -> Columns[FeatureRow]:
    """Return the table's columns for a feature.

    Args:
        columns: The columns that the feature declares.
        widths: The width in cells of the widest value in each, as far as known.
    """
    known = (*widths, *[0] * (len(columns) - len(widths)))
    placed = enumerate(zip(columns, known, strict=True))
    return Columns(*(_column(place, column, width) for place, (column, width) in placed))


def _column(place: int, column: SinkColumn, width: int) -> Column[FeatureRow]:
    numbers = kind(column) in (int, float)
    title = text.clean(column.name, _MOST_TITLE_CELLS)

    def cell(row: FeatureRow, _: float) -> Sequence[Piece]:
        value = row.values[place]
        quiet = value is None or (not column.computed and kind(column) is datetime)
        return [Piece(written(value, column), Tone.QUIET if quiet else Tone.PLAIN)]

    return Column(
        title,
        # Includes the arrow of a sorted column.
        min(_MOST_CELLS, max(width, cell_len(title) + 1)),
        cell,
        name=column.name,
        kind=kind(column),
        value=lambda row: row.values[place],
        word=kind(column) is str,
        right=numbers,
        # The end of a window is the most useful of its columns.
        drop=_FIRST_TO_GO if column.name == "window_start" else place,
        grow=0 if numbers or width <= _MOST_CELLS else _GROW,
    )
