"""The table of invalid records: timestamp, topic, partition and offset, and what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.quarantined import BadRow
from tui.streams.record_view import as_text
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable
from tui.widgets.record_columns import exported_with

_CELLS: Final = 120


def _age(row: BadRow, now: float) -> Sequence[Piece]:
    if row.record.timestamp_ms <= 0:
        return [Piece(text.NOTHING, Tone.QUIET)]
    return [Piece(text.age(now - row.record.timestamp_ms / 1000), Tone.QUIET)]


def _key(row: BadRow, _: float) -> Sequence[Piece]:
    if row.record.key is None:
        return [Piece("no key", Tone.QUIET)]
    return [Piece(text.clean(as_text(row.record.shown_key), _CELLS), Tone.QUIET)]


QUARANTINE_COLUMNS: Final = Columns[BadRow](
    Column("arrived", 10, _age, right=True),
    Column(
        "part:offset",
        11,
        lambda row, _: [Piece(f"{row.record.partition}:{row.record.offset}", Tone.QUIET)],
        right=True,
    ),
    Column(
        " kind",
        20,
        lambda row, _: [Piece(f" {text.clean(row.kind)}", Tone.WAITS)],
        name="kind",
        value=lambda row: row.kind,
    ),
    Column(
        "why",
        18,
        lambda row, _: [Piece(text.clean(row.reason, _CELLS))],
        name="reason",
        value=lambda row: row.reason,
        grow=60,
    ),
    Column("key", 20, _key, drop=1),
    *exported_with(lambda row: row.record),
)


_WITH_TOPICS: Final = Columns[BadRow](
    *QUARANTINE_COLUMNS.declared,
    Column("topic", 16, lambda row, _: [Piece(text.clean(row.record.topic), Tone.QUIET)], drop=2),
)


class QuarantineTable(LiveTable[BadRow]):
    """The latest invalid records, newest first."""

    EXPORTS = True

    def __init__(self, *, id: str) -> None:
        super().__init__(QUARANTINE_COLUMNS, lambda row: row.place, id=id)

    def show_invalid(self, rows: Sequence[BadRow], now: float, reason: Sequence[Piece]) -> None:
        """Show records, with their topics if there are several."""
        several = len({row.record.topic for row in rows}) > 1
        self.use_columns(_WITH_TOPICS if several else QUARANTINE_COLUMNS)
        self.show_rows(rows, now, reason)

    def copied(self, row: BadRow) -> str:
        """Return the record's topic, partition and offset."""
        return f"{row.record.topic} {row.record.partition}:{row.record.offset}"
