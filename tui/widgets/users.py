"""The rolling feature, one row per user, latest event time first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tui import text
from tui.reasons import why_no_users
from tui.snapshot import UserRow
from tui.tones import Piece, Tone
from tui.view import View

from .column import Column
from .table import LiveTable


def _flags(row: UserRow, _: float) -> Sequence[Piece]:
    if row.flags:
        return [Piece(text.integer(row.flags), Tone.DANGER)]
    return [Piece("·", Tone.LINE)]


_COLUMNS: Final[tuple[Column[UserRow], ...]] = (
    Column(" user", 20, lambda row, _: [Piece(text.user(row.user_id))]),
    Column("mean 6 h", 11, lambda row, _: [Piece(text.money(row.mean))], right=True),
    Column("count 6 h", 9, lambda row, _: [Piece(text.integer(row.count))], right=True),
    Column("flags", 5, _flags, right=True),
    Column("last seen", 19, lambda row, _: [Piece(text.event_time(row.last_seen), Tone.QUIET)]),
    Column(
        "updated",
        10,
        lambda row, now: [Piece(text.age(now - row.updated_at), Tone.QUIET)],
        right=True,
        drop=1,
    ),
)


class UsersTable(LiveTable[UserRow]):
    """Users by their latest event time."""

    def __init__(self) -> None:
        super().__init__(_COLUMNS, lambda row: row.user_id, id="users")

    def show(self, view: View) -> None:
        """Draw another view."""
        self.show_rows(view.data.users, view.now, why_no_users(view))
