"""Transactions known as fraud, newest first, and how far they are from their user's mean."""

from __future__ import annotations

from textual.message import Message

from tui.drawing import text
from tui.panels.panel_table import PanelTable
from tui.session.view import View
from tui.streams.sink_topics import FLAGGED
from tui.table.query import Query
from tui.widgets.reasons import Reason, nothing_matches, why_empty

from .flagged_panel import FLAGGED_PANEL
from .flagged_row import FLAGGED_COLUMNS, Flagged


def why_no_flagged(view: View) -> Reason:
    """Why there is no flagged transaction."""
    page = view.data.of(FLAGGED_PANEL)
    seen = text.integer(view.data.transactions_total)
    return nothing_matches(page.query.filter, page.total, "flagged transactions") or why_empty(
        view, FLAGGED.topic, lambda: f"None of {seen} transactions is flagged."
    )


class FlaggedTable(PanelTable[Flagged]):
    """Flagged transactions by event time, unless something else is asked for."""

    EXPORTS = True

    class RecordWanted(Message):
        """The record of the selected row is to be shown beside the table, or no longer."""

    def __init__(self) -> None:
        super().__init__(
            FLAGGED_COLUMNS, lambda row: row.place, query=Query("time"), id=FLAGGED_PANEL.name
        )

    def show(self, view: View) -> None:
        self.show_rows(view.data.of(FLAGGED_PANEL).rows, view.now, why_no_flagged(view))

    def opened(self, row: Flagged) -> Message:
        """The record that it was read from."""
        return self.RecordWanted()

    def copied(self, row: Flagged) -> str:
        return str(row.transaction.user_id)
