"""Closed windows of one kind, newest first: totals, then the top users."""

from __future__ import annotations

from tui.drawing import text
from tui.messages import OpenUser
from tui.panels.panel_table import PanelTable
from tui.session.view import View
from tui.table.query import Page, Query
from tui.widgets.reasons import DELAY, Reason, nothing_matches, why_empty

from .open_window import open_window
from .window_rows import (
    WINDOW_COLUMNS,
    WindowLine,
    WindowSummary,
    WindowUser,
    line_key,
    lines,
)
from .windows_panel import WINDOWS


def why_no_windows(view: View) -> Reason:
    """Explain why the table is empty."""
    page = view.data.of(WINDOWS)

    def next_window() -> str:
        window = open_window(view)
        return (
            f"The first window closes {DELAY} of event time after {window.end:%Y-%m-%d %H:%M}."
            if window
            else "No window is open."
        )

    return nothing_matches(page.query.filter, page.total, "windows") or why_empty(
        view, WINDOWS.sink(page.query).feature, next_window
    )


class WindowsTable(PanelTable[WindowLine]):
    """Closed windows and their top users, newest window first."""

    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(WINDOW_COLUMNS, line_key, query=Query("mean"), id=WINDOWS.name)
        self._page: Page[WindowSummary] = Page()
        self._lines: tuple[WindowLine, ...] = ()

    def show(self, view: View) -> None:
        page = view.data.of(WINDOWS)
        if page is not self._page:
            self._page, self._lines = page, lines(page)
        self.show_rows(self._lines, view.now, why_no_windows(view))

    def opened(self, row: WindowLine) -> OpenUser | None:
        return OpenUser(row.user_id) if isinstance(row, WindowUser) else None

    def copied(self, row: WindowLine) -> str:
        """Return the user's id, or the window's bounds."""
        return str(row.user_id) if isinstance(row, WindowUser) else text.window(row.start, row.end)
