"""A panel of the dashboard, declared in one place: what it reads, keeps, draws and exports."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Generic

from tui.streams.panel_state import MakeState, ShownT
from tui.streams.sink_topics import SinkTopic
from tui.table.column import Columns, RowT
from tui.table.query import Page, Query, select

if TYPE_CHECKING:
    from textual.widget import Widget


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel(Generic[ShownT]):
    """A panel that is fed from the streams.

    Attributes:
        name: Its id.
        title: What it is called.
        sinks: The sink topics that it reads.
        nothing: What it draws before anything was read.
        state: Makes its state.
        widgets: Makes its widgets; what holds the keys has the panel's name as its id.
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
        columns: Of the rows, to filter, sort and export by.
        switches: Whether it shows one of its sink topics at a time, rather than all.
        refines: Whether a page that stands still is sorted and filtered within what it shows.
        exported: The rows of a page that an export has, as far as they are shown.
        found: How many an export has of those that are not shown, too.
    """

    columns: Columns[Any]
    switches: bool = False
    refines: bool = True
    exported: Callable[[Page[RowT]], Sequence[Any]] = lambda page: page.rows
    found: Callable[[Page[RowT]], int] = lambda page: page.matched

    def sink(self, query: Query) -> SinkTopic[Any]:
        """The sink topic that a query is about."""
        return next((sink for sink in self.sinks if sink.feature == query.feature), self.sinks[0])

    def next_sink(self, query: Query) -> SinkTopic[Any]:
        """The one that comes after it, in turn."""
        at = self.sinks.index(self.sink(query))
        return self.sinks[(at + 1) % len(self.sinks)]

    def refined(self, page: Page[RowT], query: Query) -> Page[RowT]:
        """A page that stands still, with those of its own rows that a query asks for."""
        if page.query == query or not self.refines:
            return page
        found = select(page.rows, query, self.columns)
        return replace(found, total=page.total, truncated=page.truncated)

    def count(self, page: Page[RowT], *, frozen: bool) -> int:
        """How many rows an export has: those of the page when it stands still."""
        return len(self.exported(page)) if frozen else self.found(page)
