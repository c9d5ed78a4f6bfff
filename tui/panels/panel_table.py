"""The base class of the dashboard's tables."""

from __future__ import annotations

from textual.message import Message

from tui.session.view import View
from tui.table.column import RowT
from tui.table.live_table import LiveTable


class PanelTable(LiveTable[RowT]):
    """A live table that takes its rows from the session's view."""

    def show(self, view: View) -> None:
        raise NotImplementedError

    def opened(self, row: RowT) -> Message | None:
        """Return the message to post when a row is opened; None when rows cannot be opened."""
        return None
