"""The base class of the dashboard's tables."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from textual.message import Message
from textual.reactive import var

from tui.session.view import View
from tui.streams.sink_topics import SinkTopic
from tui.table.column import Columns, RowT
from tui.table.live_table import LiveTable
from tui.table.query import Query


class PanelTable(LiveTable[RowT]):
    """A live table that takes its rows from the view that its screen binds to it."""

    view: var[View] = var(View, init=False, always_update=True)
    visible_panel: var[bool] = var(True, init=False)
    """Whether its panel is visible; a hidden one is not drawn until it becomes so."""

    def show(self, view: View) -> None:
        """Show the rows of a view."""
        raise NotImplementedError

    def watch_view(self) -> None:
        if self.visible_panel:
            self.show(self.view)

    def watch_visible_panel(self) -> None:
        self.watch_view()

    def opened(self, row: RowT) -> Message | None:
        """Return the message to post when a row is opened; None when rows cannot be opened."""
        return None


class TabbedTable(PanelTable[Any]):
    """A table that shows one feature at a time; each may have columns of its own.

    Args:
        columns: The columns of the rows of built-in features.
        key: Returns a row's identity.
        query: The initial query.
        id: The panel's name.
    """

    def __init__(
        self, columns: Columns[Any], key: Callable[[Any], Hashable], *, query: Query, id: str
    ) -> None:
        super().__init__(columns, key, query=query, id=id)
        self._first_query = query
        self._first_columns = columns

    def ask_for(self, tab: SinkTopic[Any]) -> None:
        """Ask for another feature: in the same order, if it has the same columns."""
        same = not tab.columns and self.columns is self._first_columns
        asked = (self.asked if same else None) or self._first_query
        self.ask(replace(asked, feature=tab.feature))
