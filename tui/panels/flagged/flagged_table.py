"""Flagged transactions, newest first, or what another feature picks."""

from __future__ import annotations

from textual.message import Message

from pipeline.text.words import counted
from tui.panels.panel_table import TabbedTable
from tui.session.view import View
from tui.streams.feature_rows import FeatureRow
from tui.table.query import Query
from tui.widgets.reasons import Reason, nothing_matches, waits, why_empty

from .flagged_panel import FLAGGED_PANEL
from .flagged_row import FLAGGED_COLUMNS, Flagged


def why_no_flagged(view: View) -> Reason:
    """Explain why the table is empty."""
    data = view.data
    page, tab = data.of(FLAGGED_PANEL), FLAGGED_PANEL.tab(data)
    if not FLAGGED_PANEL.tabs_of(data) and data.sources:
        return waits("No source has a label that may be shown, and no feature picks records.")
    seen = counted(data.transactions_total, "transaction")
    what = "rows" if tab.columns else "flagged transactions"

    def nothing() -> str:
        if tab.labelled:
            read = counted(data.others.get(tab.source, 0), "record")
            return f"{tab.label} says fraud in none of {read} of {tab.topic}."
        return f"Nothing in {tab.topic} yet." if tab.columns else f"None of {seen} is flagged."

    return nothing_matches(page.query.filter, page.total, what) or why_empty(
        view, tab.feature, tab.source, nothing
    )


class FlaggedTable(TabbedTable):
    """Flagged transactions, by event time unless sorted otherwise."""

    EXPORTS = True

    class RecordWanted(Message):
        """Posted to show the selected row's record beside the table, or to hide it."""

    def __init__(self) -> None:
        super().__init__(FLAGGED_COLUMNS, _place, query=Query("time"), id=FLAGGED_PANEL.name)

    def show(self, view: View) -> None:
        page = view.data.of(FLAGGED_PANEL)
        self.use_columns(FLAGGED_PANEL.columns_of(page))
        self.show_rows(page.rows, view.now, why_no_flagged(view), answers=page.answers)

    def opened(self, row: Flagged | FeatureRow) -> Message:
        """Show the record that the row was read from."""
        return self.RecordWanted()

    def copied(self, row: Flagged | FeatureRow) -> str:
        """Return the user's id, or the record of another feature."""
        if isinstance(row, Flagged):
            return str(row.transaction.user_id)
        return (row.record.shown or b"").decode(errors="replace")


def _place(row: Flagged | FeatureRow) -> tuple[int, int]:
    return row.record.partition, row.record.offset
