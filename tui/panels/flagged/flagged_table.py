"""Flagged transactions, newest first, and how far each is from its user's mean."""

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
    """Explain why the table is empty."""
    page = view.data.of(FLAGGED_PANEL)
    seen = text.integer(view.data.transactions_total)
    return nothing_matches(page.query.filter, page.total, "flagged transactions") or why_empty(
        view,
        FLAGGED.feature,
        FLAGGED.source,
        lambda: f"None of {seen} transactions is flagged.",
    )


class FlaggedTable(PanelTable[Flagged]):
    """Flagged transactions, by event time unless sorted otherwise."""

    EXPORTS = True

    class RecordWanted(Message):
        """Posted to show the selected row's record beside the table, or to hide it."""

    def __init__(self) -> None:
        super().__init__(
            FLAGGED_COLUMNS, lambda row: row.place, query=Query("time"), id=FLAGGED_PANEL.name
        )

    def show(self, view: View) -> None:
        self.show_rows(view.data.of(FLAGGED_PANEL).rows, view.now, why_no_flagged(view))

    def opened(self, row: Flagged) -> Message:
        """Show the record that the row was read from."""
        return self.RecordWanted()

    def copied(self, row: Flagged) -> str:
        return str(row.transaction.user_id)
