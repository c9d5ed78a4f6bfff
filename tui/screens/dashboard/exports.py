"""What an export of a table of the dashboard has in it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Final

from tui.drawing import text
from tui.screens.export.exporter import Export
from tui.streams.fields import FLAGGED_FIELDS, USER_FIELDS, WINDOW_FIELDS
from tui.streams.queries import Queries
from tui.streams.snapshot import Snapshot
from tui.table.query import Fields, Page, Query

if TYPE_CHECKING:
    from tui.streams.store import Store

_PATIENCE_SECONDS: Final = 30.0

FIELDS: Final[dict[str, Fields[Any]]] = {
    "users": USER_FIELDS,
    "windows": WINDOW_FIELDS,
    "flagged": FLAGGED_FIELDS,
}
"""By table."""

LookUp = Callable[[Callable[["Store"], list[Any]]], "Future[list[Any]]"]


def export_of(
    table: str, snapshot: Snapshot, queries: Queries, look_up: LookUp, *, frozen: bool
) -> Export:
    """All rows of a table that are asked for, not only those that are shown.

    Args:
        table: `users`, `windows` or `flagged`.
        snapshot: What is shown.
        queries: Which rows, in which order.
        look_up: Has something looked up in the store.
        frozen: Whether the tables stand still, so that only what they show is exported.
    """
    what, count = _described(snapshot, table, frozen=frozen)

    def rows() -> list[Any]:
        if frozen:
            return _shown_rows(snapshot, table)
        return look_up(lambda store: _kept_rows(store, table, queries)).result(_PATIENCE_SECONDS)

    return Export(what, table, count, FIELDS[table], rows)


def _kept_rows(store: Store, table: str, queries: Queries) -> list[Any]:
    match table:
        case "users":
            return list(store.users.page(queries.users, None).rows)
        case "flagged":
            return list(store.flagged.page(queries.flagged, None).rows)
    return list(store.windows[queries.kind].rows(queries.windows))


def _shown_rows(snapshot: Snapshot, table: str) -> list[Any]:
    match table:
        case "users":
            return list(snapshot.users.rows)
        case "flagged":
            return list(snapshot.flagged.rows)
    return [user for window in snapshot.windows.windows for user in window.top]


def _described(snapshot: Snapshot, table: str, *, frozen: bool) -> tuple[str, int]:
    """What an export will be, in words, and how many rows it has."""
    if table == "windows":
        windows = snapshot.windows
        count = sum(len(each.top) if frozen else each.matched for each in windows.windows)
        return f"Windows, {windows.kind}{_that_match(windows.query)}", count
    page: Page[Any] = snapshot.users if table == "users" else snapshot.flagged
    count = len(page.rows) if frozen else page.matched
    of = f"{text.integer(count)} of {text.integer(page.total)}"
    return f"{table.capitalize()}, {of}{_that_match(page.query)}", count


def _that_match(query: Query) -> str:
    return f" that match {query.filter.text}" if query.filter else ""
