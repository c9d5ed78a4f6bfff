"""Records that are no transactions: where they are, what is wrong, since when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.streams.quarantine import BadRow
from tui.streams.record_fields import RECORD_FIELDS
from tui.streams.record_view import as_text
from tui.table.column import Column
from tui.table.live_table import LiveTable
from tui.table.query import Field, Fields

_CELLS: Final = 120


def _age(row: BadRow, now: float) -> Sequence[Piece]:
    if row.record.timestamp_ms <= 0:
        return [Piece(text.NOTHING, Tone.QUIET)]
    return [Piece(text.age(now - row.record.timestamp_ms / 1000), Tone.QUIET)]


def _key(row: BadRow, _: float) -> Sequence[Piece]:
    if row.record.key is None:
        return [Piece("no key", Tone.QUIET)]
    return [Piece(text.clean(as_text(row.record.key), _CELLS), Tone.QUIET)]


_COLUMNS: Final[tuple[Column[BadRow], ...]] = (
    Column("arrived", 10, _age, right=True),
    Column(
        "part:offset",
        11,
        lambda row, _: [Piece(f"{row.record.partition}:{row.record.offset}", Tone.QUIET)],
        right=True,
    ),
    Column(" kind", 20, lambda row, _: [Piece(f" {text.clean(row.kind)}", Tone.WAITS)]),
    Column("why", 18, lambda row, _: [Piece(text.clean(row.reason, _CELLS))], grow=60),
    Column("key", 20, _key, drop=1),
)


def _of_record(name: str) -> Field[BadRow]:
    """A field of the record itself."""
    return Field(name, RECORD_FIELDS.kinds[name], lambda row: RECORD_FIELDS.value(name, row.record))


QUARANTINE_FIELDS: Final = Fields[BadRow](
    Field("kind", str, lambda row: row.kind),
    Field("reason", str, lambda row: row.reason),
    *map(_of_record, RECORD_FIELDS.kinds),
)


class QuarantineTable(LiveTable[BadRow]):
    """Newest first."""

    EXPORTS = True

    def __init__(self, *, id: str) -> None:
        super().__init__(_COLUMNS, lambda row: row.place, id=id)

    def copied(self, row: BadRow) -> str:
        """Where it is: topic, partition and offset."""
        return f"{row.record.topic} {row.record.partition}:{row.record.offset}"
