"""A live table that shows a part of the view."""

from __future__ import annotations

from textual.message import Message

from tui.session.view import View
from tui.table.column import RowT
from tui.table.live_table import LiveTable


class PanelTable(LiveTable[RowT]):
    """A table of the dashboard."""

    def show(self, view: View) -> None:
        """Take the rows out of a view and draw them."""
        raise NotImplementedError

    def opened(self, row: RowT) -> Message | None:
        """What opening a row asks for; None where there is no more to see of it."""
        raise NotImplementedError
