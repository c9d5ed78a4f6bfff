"""The list of records: where each lies, when it was written, its key, and its value in one line."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from tui.drawing import json_text, text
from tui.drawing.tones import Piece, Tone
from tui.streams.record_view import RecordView, as_text
from tui.table.column import Column
from tui.table.live_table import LiveTable
from tui.widgets.record_lines import list_time
from tui.widgets.record_pane import copy_value

_KEY_CELLS: Final = 40
# More than any terminal shows of a line.
_LINE_BYTES: Final = 480


def _time(record: RecordView, _: float) -> Sequence[Piece]:
    time = record.time
    return [Piece(list_time(time) if time is not None else text.NOTHING, Tone.QUIET)]


def _key(record: RecordView, _: float) -> Sequence[Piece]:
    if record.key is None:
        return [Piece("null", Tone.QUIET)]
    return [Piece(text.clean(as_text(record.key), _KEY_CELLS))]


@lru_cache(maxsize=512)
def _coloured(begin: bytes) -> tuple[Piece, ...]:
    source = as_text(begin)
    if source.lstrip()[:1] in ("{", "["):
        return tuple(json_text.colour(source))
    return (Piece(text.clean(source, _LINE_BYTES)),)


def _value(record: RecordView, _: float) -> Sequence[Piece]:
    data = record.data
    if data is None:
        return [Piece("tombstone", Tone.WAITS)]
    if not data:
        return [Piece("empty", Tone.WAITS)]
    return _coloured(data[:_LINE_BYTES])


_COLUMNS: Final[tuple[Column[RecordView], ...]] = (
    Column("offset", 8, lambda row, _: [Piece(str(row.offset))], right=True),
    Column("part", 4, lambda row, _: [Piece(str(row.partition), Tone.QUIET)], right=True, drop=2),
    Column("time UTC", 19, _time, drop=2),
    Column("key", 10, _key, drop=1, grow=10),
    Column("value", 20, _value, grow=2_000),
)


class RecordsTable(LiveTable[RecordView]):
    """Records in the order in which they are given."""

    EXPORTS = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(_COLUMNS, lambda row: (row.partition, row.offset), id=id)

    def action_copy(self) -> None:
        """Copy the value of the selected record."""
        if self.selected is not None:
            copy_value(self, self.selected)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """They keep their order, but can be filtered: by whoever reads them."""
        return action == "filter" or super().check_action(action, parameters)
