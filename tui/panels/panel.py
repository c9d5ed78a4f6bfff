"""The declaration of a panel: its topics, state, widgets and, for a table, its export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic

from tui.streams.panel_state import MakeState, ShownT
from tui.streams.sink_topics import SinkTopic, Values
from tui.streams.snapshot import Snapshot
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
        key: The key that goes to it.
        sinks: The sink topics of built-in features that it reads.
        adopts: Whether it reads the sink topic of a user's own feature, too.
        nothing: What it shows before anything has been read.
        state: Creates its state.
        widgets: Creates its widgets; the one that takes the keys has the panel's name as its id.
    """

    name: str
    title: str
    key: str
    sinks: tuple[SinkTopic[Any], ...]
    nothing: ShownT
    state: MakeState[ShownT]
    widgets: Callable[[], Iterable[Widget]]
    adopts: Callable[[SinkTopic[Values]], bool] = lambda _: False


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePanel(Panel[Page[RowT]], Generic[RowT]):
    """A panel with a table of rows.

    Attributes:
        columns: The columns of the rows of built-in features.
        tabs: The built-in features that it can show; one at a time, like those it adopts.
        expected: What it shows before the user's own are known, if there is nothing built in.
        refines: Whether a frozen page is sorted and filtered within the rows it shows.
        exported: Returns the rows to export of a page.
        found: Returns how many rows an export of the whole table has.
        counted: Describes how many rows there are, unless they are filtered; None counts them.
    """

    nothing: Page[RowT] = field(default_factory=Page)
    columns: Columns[Any]
    tabs: tuple[SinkTopic[Any], ...]
    expected: SinkTopic[Any] | None = None
    refines: bool = True
    exported: Callable[[Page[RowT]], Sequence[Any]] = lambda page: page.rows
    found: Callable[[Page[RowT]], int] = lambda page: page.matched
    counted: Callable[[Page[RowT]], str] | None = None

    def tabs_of(self, data: Snapshot) -> tuple[SinkTopic[Any], ...]:
        """Return the sink topics that it can show, the user's own last."""
        built_in = self.tabs if data.built_in else ()
        return (*built_in, *filter(self.adopts, data.own))

    def tab(self, data: Snapshot) -> SinkTopic[Any]:
        """Return the sink topic that it shows."""
        shown = data.of(self).query.feature
        tabs = self.tabs_of(data) or (self.first,)
        return next((tab for tab in tabs if tab.feature == shown), tabs[0])

    @property
    def first(self) -> SinkTopic[Any]:
        """The first of its built-in features, or what it expects."""
        return self.tabs[0] if self.expected is None else self.expected

    def columns_of(self, page: Page[RowT]) -> Columns[Any]:
        """Return the columns to filter, sort and export a page by."""
        return page.columns or self.columns

    def refined(self, page: Page[RowT], query: Query) -> Page[RowT]:
        """Apply a query to the rows of a frozen page."""
        if page.query == query:
            return page
        if not self.refines or page.query.feature != query.feature:
            return replace(page, frozen=True)
        found = select(page.rows, query, self.columns_of(page))
        return replace(page, rows=found.rows, matched=found.matched, query=query)

    def count(self, page: Page[RowT], *, frozen: bool) -> int:
        """Return how many rows an export has; a frozen table exports only its page."""
        return len(self.exported(page)) if frozen else self.found(page)
