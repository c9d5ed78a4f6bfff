"""The rolling feature, one row per user, latest event time first."""

from __future__ import annotations

from tui.messages import OpenUser
from tui.panels.panel_table import PanelTable
from tui.session.view import View
from tui.streams.sink_topics import ROLLING
from tui.table.query import Query
from tui.widgets.reasons import DELAY, Reason, nothing_matches, why_empty

from .user_row import USER_COLUMNS, UserRow
from .users_panel import USERS


def why_no_users(view: View) -> Reason:
    """Explain why the table is empty."""
    page = view.data.of(USERS)
    return nothing_matches(page.query.filter, page.total, "users") or why_empty(
        view,
        ROLLING.feature,
        lambda: f"Waiting for the watermark: a row is final {DELAY} of event time after it.",
    )


class UsersTable(PanelTable[UserRow]):
    """Users, by their latest event time unless sorted otherwise."""

    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(USER_COLUMNS, lambda row: row.user_id, query=Query("seen"), id=USERS.name)

    def show(self, view: View) -> None:
        self.show_rows(view.data.of(USERS).rows, view.now, why_no_users(view))

    def opened(self, row: UserRow) -> OpenUser:
        return OpenUser(row.user_id)

    def copied(self, row: UserRow) -> str:
        return str(row.user_id)
