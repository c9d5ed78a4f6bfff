"""Transactions known as fraud, newest first."""

from __future__ import annotations

from typing import Final

from tui import text
from tui.reasons import why_no_flagged
from tui.snapshot import Flagged
from tui.tones import Piece, Tone
from tui.view import View

from .column import Column
from .table import LiveTable

_CELLS: Final = 60

_COLUMNS: Final[tuple[Column[Flagged], ...]] = (
    Column(
        "event time",
        19,
        lambda row, _: [Piece(text.event_time(row.transaction.trans_date_trans_time), Tone.QUIET)],
    ),
    Column(
        "amount",
        10,
        lambda row, _: [Piece(text.money(row.transaction.amt), Tone.DANGER)],
        right=True,
    ),
    Column(" user", 20, lambda row, _: [Piece(text.user(row.transaction.user_id))]),
    Column(
        "merchant",
        20,
        lambda row, _: [Piece(text.clean(row.transaction.merchant, _CELLS))],
        grow=16,
    ),
    Column(
        "category",
        14,
        lambda row, _: [Piece(text.clean(row.transaction.category, _CELLS), Tone.QUIET)],
        drop=1,
    ),
    Column(
        "name",
        16,
        lambda row, _: [
            Piece(text.clean(f"{row.transaction.first} {row.transaction.last}", _CELLS))
        ],
        drop=2,
        grow=8,
    ),
    Column(
        "part:offset",
        12,
        lambda row, _: [Piece(f"{row.partition}:{row.offset}", Tone.QUIET)],
        right=True,
        drop=3,
    ),
)


class FlaggedTable(LiveTable[Flagged]):
    """Flagged transactions as they came."""

    def __init__(self) -> None:
        super().__init__(_COLUMNS, lambda row: (row.partition, row.offset), id="flagged")

    def show(self, view: View) -> None:
        """Draw another view."""
        self.show_rows(view.data.flagged, view.now, why_no_flagged(view))
