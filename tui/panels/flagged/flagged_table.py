"""Transactions known as fraud, newest first, and how far they are from their user's mean."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.panel_table import PanelTable
from tui.session.view import View
from tui.streams.snapshot import Flagged
from tui.streams.topics import FLAGGED_TOPIC
from tui.table.column import Column
from tui.table.query import Query
from tui.widgets.reasons import Reason, nothing_matches, why_empty

_CELLS: Final = 60


def _distance(row: Flagged, _: float) -> Sequence[Piece]:
    if row.distance is None:
        return [Piece(text.NOTHING, Tone.QUIET)]
    tone = Tone.PLAIN if row.distance > 0 else Tone.QUIET
    return [Piece(text.signed(row.distance), tone)]


def _mean(row: Flagged, _: float) -> Sequence[Piece]:
    return [Piece(text.NOTHING if row.mean is None else text.money(row.mean), Tone.QUIET)]


_COLUMNS: Final[tuple[Column[Flagged], ...]] = (
    Column(
        "when",
        14,
        lambda row, _: [Piece(text.short_time(row.transaction.trans_date_trans_time), Tone.QUIET)],
        field="time",
        letter="W",
    ),
    Column(
        "amount",
        10,
        lambda row, _: [Piece(text.money(row.transaction.amt), Tone.DANGER)],
        right=True,
        field="amount",
        letter="A",
    ),
    Column("difference", 11, _distance, right=True, field="distance", letter="D"),
    Column("mean 6 h", 10, _mean, right=True, drop=5, field="mean"),
    Column(
        " user",
        20,
        lambda row, _: [Piece(text.user(row.transaction.user_id))],
        field="user",
        letter="U",
    ),
    Column(
        "merchant",
        16,
        lambda row, _: [Piece(text.clean(row.transaction.merchant, _CELLS))],
        grow=16,
        field="merchant",
        letter="M",
    ),
    Column(
        "category",
        14,
        lambda row, _: [Piece(text.clean(row.transaction.category, _CELLS), Tone.QUIET)],
        drop=1,
        field="category",
        letter="C",
    ),
    Column(
        "name",
        16,
        lambda row, _: [
            Piece(text.clean(f"{row.transaction.first} {row.transaction.last}", _CELLS))
        ],
        drop=2,
        grow=8,
        field="name",
        letter="N",
    ),
    Column(
        "zip",
        7,
        lambda row, _: [Piece(text.clean(row.transaction.zipcode, _CELLS), Tone.QUIET)],
        drop=3,
        field="zipcode",
    ),
    Column(
        "part:offset",
        12,
        lambda row, _: [Piece(f"{row.record.partition}:{row.record.offset}", Tone.QUIET)],
        right=True,
        drop=4,
    ),
)


def why_no_flagged(view: View) -> Reason:
    """Why there is no flagged transaction."""
    page = view.data.flagged
    seen = text.integer(view.data.transactions_total)
    return nothing_matches(page.query.filter, page.total, "flagged transactions") or why_empty(
        view, FLAGGED_TOPIC, lambda: f"None of {seen} transactions is flagged."
    )


class FlaggedTable(PanelTable[Flagged]):
    """Flagged transactions by event time, unless something else is asked for."""

    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(_COLUMNS, lambda row: row.place, query=Query("time"), id="flagged")

    def show(self, view: View) -> None:
        """Draw another view."""
        self.show_rows(view.data.flagged.rows, view.now, why_no_flagged(view))

    def copied(self, row: Flagged) -> str:
        """The user's id."""
        return str(row.transaction.user_id)
