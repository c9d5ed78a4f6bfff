"""Closed windows of one feature, newest first: totals, then the top rows."""

from __future__ import annotations

from typing import Any

from tui.drawing import text
from tui.messages import OpenOwnUser, OpenUser
from tui.panels.opened_user import opened_user
from tui.panels.panel_table import TabbedTable
from tui.session.view import View
from tui.table.query import Page, Query
from tui.widgets.reasons import DELAY, Reason, nothing_matches, why_empty

from .open_window import open_window
from .own_window_rows import (
    OtherRows,
    OwnWindow,
    OwnWindowLine,
    OwnWindowRow,
    own_line_key,
    own_lines,
)
from .window_rows import WINDOW_COLUMNS, WindowLine, WindowUser, line_key, lines
from .windows_panel import WINDOWS


def why_no_windows(view: View) -> Reason:
    """Explain why the table is empty."""
    page, tab = view.data.of(WINDOWS), WINDOWS.tab(view.data)

    def next_window() -> str:
        if tab.columns:
            return f"Nothing in {tab.topic} yet: a window waits for the watermark to pass its end."
        window = open_window(view)
        return (
            f"The first window closes {DELAY} of event time after {window.end:%Y-%m-%d %H:%M}."
            if window
            else "No window is open."
        )

    return nothing_matches(page.query.filter, page.total, "windows") or why_empty(
        view, tab.feature, tab.source, next_window
    )


class WindowsTable(TabbedTable):
    """Closed windows and their top rows, newest window first."""

    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(WINDOW_COLUMNS, _key, query=Query("mean"), id=WINDOWS.name)
        self._page: Page[Any] = Page()
        self._lines: tuple[WindowLine | OwnWindowLine, ...] = ()

    def show(self, view: View) -> None:
        page: Page[Any] = view.data.of(WINDOWS)
        if page is not self._page:
            own = page.columns is not None
            self._page, self._lines = page, own_lines(page) if own else lines(page)
            self.use_columns(WINDOWS.columns_of(page))
        self.show_rows(self._lines, view.now, why_no_windows(view), answers=page.answers)

    def opened(self, row: WindowLine | OwnWindowLine) -> OpenUser | OpenOwnUser | None:
        """Return the user's screen; None where a line is not that of a user."""
        if isinstance(row, OwnWindowRow):
            return opened_user(WINDOWS.tab(self.view.data), row.values)
        return OpenUser(row.user_id) if isinstance(row, WindowUser) else None

    def copied(self, row: WindowLine | OwnWindowLine) -> str:
        """Return the user's id, what the row is grouped by, or the window's bounds."""
        if isinstance(row, WindowUser):
            return str(row.user_id)
        if isinstance(row, OwnWindowRow) and row.key:
            return ", ".join(self.columns.as_shown(row, row.key))
        return text.event_time(row.end) if row.start is None else text.window(row.start, row.end)


def _key(line: WindowLine | OwnWindowLine) -> tuple[object, ...]:
    if isinstance(line, OwnWindow | OwnWindowRow | OtherRows):
        return own_line_key(line)
    return line_key(line)
