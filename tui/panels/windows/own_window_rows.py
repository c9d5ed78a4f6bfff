"""The lines of the windows of a user's own feature: windows, and rows in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.sink_topics import SinkTopic, Values, is_signal
from tui.table.column import Column, Columns
from tui.table.query import Page

if TYPE_CHECKING:
    from tui.panels.feature_columns import HasValues

_BOUNDS = ("window_start", "window_end")


@dataclass(frozen=True, slots=True)
class OwnWindowRow:
    """A row of a window; `start` is None if the feature's topic does not have it."""

    start: datetime | None
    end: datetime
    key: Values
    values: Values


@dataclass(frozen=True, slots=True)
class OwnWindow:
    """A closed window, and the first rows of a query.

    Attributes:
        start: First event time in it; None if the feature's topic does not have it.
        end: First event time after it.
        rows: The first rows of the query.
        matched: How many rows match the query.
        total: Number of rows.
    """

    start: datetime | None
    end: datetime
    rows: tuple[OwnWindowRow, ...]
    matched: int
    total: int


@dataclass(frozen=True, slots=True)
class OtherRows:
    """The number of rows of a window that are not shown."""

    start: datetime | None
    end: datetime
    count: int


OwnWindowLine = OwnWindow | OwnWindowRow | OtherRows


def own_lines(page: Page[OwnWindow]) -> tuple[OwnWindowLine, ...]:
    """Return, for each window, its number of rows, its first rows and the number of others.

    A feature without groups has one row per window, which is its line.
    """
    found: list[OwnWindowLine] = []
    for window in page.rows:
        grouped = any(row.key for row in window.rows)
        found += [window, *window.rows] if grouped else window.rows
        if left := window.matched - len(window.rows):
            found.append(OtherRows(window.start, window.end, left))
    return tuple(found)


def own_line_key(line: OwnWindowLine) -> tuple[Any, ...]:
    what = line.key if isinstance(line, OwnWindowRow) else type(line)
    return line.end, line.start, what


def has_windows(sink: SinkTopic[Values]) -> bool:
    """Whether a feature has a row per window."""
    return not is_signal(sink) and any(column.name == "window_end" for column in sink.columns)


def own_columns(columns: Columns[Any]) -> Columns[Any]:
    """Return the columns of the lines, from those of the feature."""
    others = [column for column in columns.declared if column.name not in _BOUNDS]
    lines = [
        _of_row(replace(column, width=0) if column.name in _BOUNDS else column, others[:1])
        for column in columns.declared
    ]
    return Columns(Column("window", 24, _window, grow=6), *lines)


def _of_row(column: Column[HasValues], first: Sequence[Column[HasValues]]) -> Column[OwnWindowLine]:
    """Return a column that only rows have a value in; the first one also counts rows."""
    counts = column in first

    def cell(line: OwnWindowLine, now: float) -> Sequence[Piece]:
        match line:
            case OwnWindowRow():
                return column.cell(line, now)
            case OwnWindow():
                return [Piece(counted(line.total, "row"), Tone.STRONG)] if counts else []
        return [Piece(f"{text.integer(line.count)} more", Tone.QUIET)] if counts else []

    def value(line: OwnWindowLine) -> Any:
        return column.value(line) if isinstance(line, OwnWindowRow) else None

    def masked(line: OwnWindowLine) -> str | None:
        shown = column.masked
        return shown(line) if shown is not None and isinstance(line, OwnWindowRow) else None

    return Column(
        column.title,
        column.width,
        cell,
        name=column.name,
        kind=column.kind,
        places=column.places,
        value=value,
        masked=None if column.masked is None else masked,
        word=column.word,
        right=column.right,
        drop=column.drop,
        grow=column.grow,
    )


def _window(line: OwnWindowLine, _: float) -> Sequence[Piece]:
    if isinstance(line, OtherRows) or (isinstance(line, OwnWindowRow) and line.key):
        return []
    if line.start is None:
        return [Piece(f"→ {text.event_time(line.end)}", Tone.STRONG)]
    return [Piece(text.window(line.start, line.end), Tone.STRONG)]
