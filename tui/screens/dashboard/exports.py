"""Exports of the dashboard's tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from tui.drawing import text
from tui.panels.panel import TablePanel
from tui.screens.export.exporter import Export
from tui.table.query import Page, Query

if TYPE_CHECKING:
    from tui.streams.store import Store

_PATIENCE_SECONDS: Final = 30.0

LookUp = Callable[[Callable[["Store"], list[Any]]], "Future[list[Any]]"]


def export_of(panel: TablePanel[Any], page: Page[Any], look_up: LookUp, *, frozen: bool) -> Export:
    """Return an export of all rows that match a table's query, not only the visible ones.

    Args:
        panel: The panel.
        page: The page it shows.
        look_up: Runs a query on the store.
        frozen: Whether the tables are frozen, so that only the visible rows are exported.
    """

    def rows() -> Sequence[Any]:
        if frozen:
            return panel.exported(page)
        wanted = look_up(lambda store: list(store.state(panel).rows(page.query)))
        return wanted.result(_PATIENCE_SECONDS)

    what, count = _described(panel, page, frozen=frozen)
    return Export(what, panel.name, count, panel.columns_of(page), rows)


def _described(panel: TablePanel[Any], page: Page[Any], *, frozen: bool) -> tuple[str, int]:
    """Describe an export, and return its number of rows."""
    count = panel.count(page, frozen=frozen)
    if len(panel.tabs) != 1 or page.columns is not None:
        feature = page.query.feature or panel.first.feature
        return f"{panel.title}, {feature}{_that_match(page.query)}", count
    of = f"{text.integer(count)} of {text.integer(page.total)}"
    return f"{panel.title}, {of}{_that_match(page.query)}", count


def _that_match(query: Query) -> str:
    return f" that match {query.filter.text}" if query.filter else ""
