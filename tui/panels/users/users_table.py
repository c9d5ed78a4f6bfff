"""The rolling feature, one row per user, latest event time first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.panel_table import PanelTable
from tui.session.view import View
from tui.streams.snapshot import UserRow
from tui.streams.topics import ROLLING_TOPIC
from tui.table.column import Column
from tui.table.query import Query
from tui.widgets.reasons import DELAY, Reason, nothing_matches, why_empty

from .sparkline import sparkline

_MERCHANT_CELLS: Final = 40


def _flags(row: UserRow, _: float) -> Sequence[Piece]:
    if row.flags:
        return [Piece(text.integer(row.flags), Tone.DANGER)]
    return [Piece("·", Tone.LINE)]


def _amount(row: UserRow, _: float) -> Sequence[Piece]:
    return [Piece(text.NOTHING if row.amount is None else text.money(row.amount), Tone.QUIET)]


_COLUMNS: Final[tuple[Column[UserRow], ...]] = (
    Column(" user", 20, lambda row, _: [Piece(text.user(row.user_id))], field="user", letter="U"),
    Column(
        "mean 6 h",
        10,
        lambda row, _: [Piece(text.money(row.mean))],
        right=True,
        field="mean",
        letter="M",
    ),
    Column(
        "count",
        6,
        lambda row, _: [Piece(text.integer(row.count))],
        right=True,
        field="count",
        letter="C",
    ),
    Column("trend", 10, lambda row, _: [Piece(sparkline(row.trend), Tone.ACCENT)], drop=3),
    Column("flags", 6, _flags, right=True, field="flags", letter="F"),
    Column(
        "last seen",
        14,
        lambda row, _: [Piece(text.short_time(row.last_seen), Tone.QUIET)],
        field="seen",
        letter="L",
    ),
    Column("amount", 10, _amount, right=True, drop=4, field="amount", letter="A"),
    Column(
        "last merchant",
        16,
        lambda row, _: [Piece(text.clean(row.merchant, _MERCHANT_CELLS), Tone.QUIET)],
        drop=6,
        grow=20,
        field="merchant",
        letter="N",
    ),
    Column(
        "updated",
        10,
        lambda row, now: [Piece(text.age(now - row.updated_at), Tone.QUIET)],
        right=True,
        drop=5,
        field="updated",
        letter="D",
    ),
)


def why_no_users(view: View) -> Reason:
    """Why there is no row of the rolling feature."""
    page = view.data.users
    return nothing_matches(page.query.filter, page.total, "users") or why_empty(
        view,
        ROLLING_TOPIC,
        lambda: f"Waiting for the watermark: a row is final {DELAY} of event time after it.",
    )


class UsersTable(PanelTable[UserRow]):
    """Users by their latest event time, unless something else is asked for."""

    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(_COLUMNS, lambda row: row.user_id, query=Query("seen"), id="users")

    def show(self, view: View) -> None:
        """Draw another view."""
        self.show_rows(view.data.users.rows, view.now, why_no_users(view))

    def copied(self, row: UserRow) -> str:
        """The user's id."""
        return str(row.user_id)
