"""The rolling feature, one row per user, latest event time first."""

from __future__ import annotations

from collections.abc import Hashable

from tui.messages import OpenOwnUser, OpenUser
from tui.panels.opened_user import opened_user
from tui.panels.panel_table import TabbedTable
from tui.session.view import View
from tui.table.query import Query
from tui.widgets.reasons import DELAY, Reason, nothing_matches, why_empty

from .latest_row import LatestRow
from .user_row import USER_COLUMNS, UserRow
from .users_panel import USERS


def why_no_users(view: View) -> Reason:
    """Explain why the table is empty."""
    page, tab = view.data.of(USERS), USERS.tab(view.data)
    what = "rows" if tab.columns else "users"
    return nothing_matches(page.query.filter, page.total, what) or why_empty(
        view,
        tab.feature,
        tab.source,
        lambda: (
            f"Nothing in {tab.topic} yet: results wait for the watermark."
            if tab.columns
            else f"Waiting for the watermark: a row is final {DELAY} of event time after it."
        ),
    )


class UsersTable(TabbedTable):
    """Users, by their latest event time unless sorted otherwise."""

    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(USER_COLUMNS, _key, query=Query("seen"), id=USERS.name)

    def show(self, view: View) -> None:
        page = view.data.of(USERS)
        self.use_columns(USERS.columns_of(page))
        self.show_rows(page.rows, view.now, why_no_users(view), answers=page.answers)

    def opened(self, row: UserRow | LatestRow) -> OpenUser | OpenOwnUser | None:
        """Return the user's screen; None where rows are not those of a user."""
        if isinstance(row, UserRow):
            return OpenUser(row.user_id)
        return opened_user(USERS.tab(self.view.data), row.values)

    def copied(self, row: UserRow | LatestRow) -> str:
        key = (row.user_id,) if row.user_id is not None else row.key
        return ", ".join(self.columns.as_shown(row, key))


def _key(row: UserRow | LatestRow) -> Hashable:
    return row.user_id if isinstance(row, UserRow) else row.key
