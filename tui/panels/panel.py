"""The declaration of a panel: its topics, state, widgets and, for a table, its export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic

from tui.streams.panel_state import MakeState, ShownT
from tui.streams.sink_topics import SinkTopic
from tui.table.column import Columns, RowT
from tui.table.query import Page, Query, select

if TYPE_CHECKING:
    from textual.widget import Widget


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(Generic[ShownT]):
    """A panel that shows the streams.

    Attributes:
        name: Its id.
        title: Its title.
        sinks: The sink topics it reads.
        nothing: What it shows before anything has been read.
        state: Creates its state.
        widgets: Creates its widgets; the one that takes the keys has the panel's name as its id.
    """

    name: str
    title: str
    sinks: tuple[SinkTopic[Any], ...]
    nothing: ShownT
    state: MakeState[ShownT]
    widgets: Callable[[], Iterable[Widget]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePanel(Panel[Page[RowT]], Generic[RowT]):
    """A panel with a table of rows.

    Attributes:
        columns: The columns to filter, sort and export by.
        switches: Whether it shows one of its sink topics at a time.
        refines: Whether a frozen page is sorted and filtered within the rows it shows.
        exported: Returns the rows to export of a page.
        found: Returns how many rows an export of the whole table has.
    """

    nothing: Page[RowT] = field(default_factory=Page)
    columns: Columns[Any]
    switches: bool = False
    refines: bool = True
    exported: Callable[[Page[RowT]], Sequence[Any]] = lambda page: page.rows
    found: Callable[[Page[RowT]], int] = lambda page: page.matched

    def sink(self, query: Query) -> SinkTopic[Any]:
        """Return the sink topic that a query asks for."""
        return next((sink for sink in self.sinks if sink.feature == query.feature), self.sinks[0])

    def next_sink(self, query: Query) -> SinkTopic[Any]:
        """Return the sink topic after the one that a query asks for, cyclically."""
        at = self.sinks.index(self.sink(query))
        return self.sinks[(at + 1) % len(self.sinks)]

    def refined(self, page: Page[RowT], query: Query) -> Page[RowT]:
        """Apply a query to the rows of a frozen page."""
        if page.query == query or not self.refines:
            return page
        found = select(page.rows, query, self.columns)
        return replace(found, total=page.total, truncated=page.truncated)

    def count(self, page: Page[RowT], *, frozen: bool) -> int:
        """Return how many rows an export has; a frozen table exports only its page."""
        return len(self.exported(page)) if frozen else self.found(page)
