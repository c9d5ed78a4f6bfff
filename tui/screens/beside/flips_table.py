"""The records on which two signals disagree."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.signals.signal_beside import Flip
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable

_SCORE_CELLS: Final = 7


def _label(row: Flip, _: float) -> Sequence[Piece]:
    if row.fraud is None:
        return []
    return [Piece("fraud", Tone.DANGER) if row.fraud else Piece("legit", Tone.QUIET)]


def _columns(first: str, second: str) -> Columns[Flip]:
    def alert(row: Flip, _: float) -> Sequence[Piece]:
        return [Piece(text.clean(first if row.alerts else second, 20), Tone.STRONG)]

    return Columns(
        Column(
            "when",
            14,
            lambda row, _: [Piece(text.short_time(row.time), Tone.QUIET)],
            name="time",
            kind=datetime,
            value=lambda row: row.time,
        ),
        Column(
            "amount",
            12,
            lambda row, _: [Piece(text.NOTHING if row.amount is None else text.money(row.amount))],
            name="amount",
            kind=float,
            value=lambda row: row.amount,
            right=True,
            grow=6,
        ),
        Column("label", 6, _label, name="fraud", kind=bool, value=lambda row: row.fraud),
        Column("alert of", 8, alert, grow=12),
        Column(
            text.clip(text.clean(first), _SCORE_CELLS),
            _SCORE_CELLS,
            lambda row, _: [Piece(f"{row.first:.2f}")],
            name="first",
            kind=float,
            value=lambda row: row.first,
            right=True,
        ),
        Column(
            text.clip(text.clean(second), _SCORE_CELLS),
            _SCORE_CELLS,
            lambda row, _: [Piece(f"{row.second:.2f}")],
            name="second",
            kind=float,
            value=lambda row: row.second,
            right=True,
        ),
        Column(
            "record",
            8,
            lambda row, _: [Piece(text.clean(row.shown, 40), Tone.QUIET)],
            name="record",
            value=lambda row: row.shown,
            word=True,
            grow=28,
        ),
    )


class FlipsTable(LiveTable[Flip]):
    """The newest records on which two signals disagree."""

    OPENS = False

    def __init__(self) -> None:
        super().__init__(_columns("", ""), lambda row: row.identity, id="flips")
        self._names = "", ""

    def of(self, first: str, second: str) -> None:
        """Show the flips between these signals."""
        if self._names != (first, second):
            self._names = first, second
            self.use_columns(_columns(first, second))

    def copied(self, row: Flip) -> str:
        """Return the record's identity, as it is shown."""
        return row.shown
