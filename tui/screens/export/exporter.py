"""What an export of a table has in it, and writing it without anybody waiting."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from tui.drawing import text
from tui.session.view import Notice, Severity
from tui.streams.fields import FLAGGED_FIELDS, USER_FIELDS, WINDOW_FIELDS
from tui.streams.problem import Problem
from tui.streams.queries import Queries
from tui.streams.snapshot import Snapshot
from tui.table.query import Fields, Page, Query, RowT

if TYPE_CHECKING:
    from tui.streams.store import Store
    from tui.table.export import ExportResult

    from .dialog import ExportChoice

_PATIENCE_SECONDS: Final = 30.0

_log = logging.getLogger(__name__)

FIELDS: Final[dict[str, Fields[Any]]] = {
    "users": USER_FIELDS,
    "windows": WINDOW_FIELDS,
    "flagged": FLAGGED_FIELDS,
}
"""By table."""


@dataclass(frozen=True, slots=True)
class Export:
    """What somebody wants in a file.

    Attributes:
        table: `users`, `windows` or `flagged`.
        queries: Which rows, in which order.
        frozen: The tables as they stand still; None for all that is kept.
    """

    table: str
    queries: Queries
    frozen: Snapshot | None = None


def kept_rows(store: Store, wanted: Export) -> list[Any]:
    """All rows of a table that the queries find, not only those that are shown."""
    queries = wanted.queries
    match wanted.table:
        case "users":
            return list(store.users.page(queries.users, None).rows)
        case "flagged":
            return list(store.flagged.page(queries.flagged, None).rows)
    return list(store.windows[queries.kind].rows(queries.windows))


def shown_rows(snapshot: Snapshot, table: str) -> list[Any]:
    """The rows of a table as they are on the screen."""
    match table:
        case "users":
            return list(snapshot.users.rows)
        case "flagged":
            return list(snapshot.flagged.rows)
    return [user for window in snapshot.windows.windows for user in window.top]


def described(snapshot: Snapshot, table: str, *, frozen: bool) -> tuple[str, int]:
    """What an export of a table will be, in words, and how many rows it has."""
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


class Exporter:
    """Writes exports, each in a thread of its own.

    Args:
        look_up: Has something looked up in the store.
        tell: Told how it went.
    """

    def __init__(
        self,
        look_up: Callable[[Callable[[Store], list[Any]]], Future[list[Any]]],
        tell: Callable[[Notice], None],
    ) -> None:
        self._look_up = look_up
        self._tell = tell

    def write(self, wanted: Export, choice: ExportChoice) -> None:
        """Write a file; returns at once."""
        self.write_rows(lambda: self._rows(wanted), FIELDS[wanted.table], choice)

    def write_rows(
        self, rows: Callable[[], Iterable[RowT]], fields: Fields[RowT], choice: ExportChoice
    ) -> None:
        """Write rows that are not the store's; returns at once.

        Args:
            rows: Tells them; called in the thread that writes.
            fields: What they have.
            choice: As what, and where to.
        """
        threading.Thread(
            target=self._write, args=(rows, fields, choice), name="fraudwatch-export", daemon=True
        ).start()

    def _write(
        self, rows: Callable[[], Iterable[RowT]], fields: Fields[RowT], choice: ExportChoice
    ) -> None:
        try:
            result = _export(choice, fields, rows())
        except Exception as error:
            _log.warning("export failed", exc_info=error)
            self._tell(Notice(str(Problem.of(error)), Severity.ERROR))
        else:
            count, size = text.integer(result.rows), text.size(result.bytes)
            self._tell(Notice(f"Exported {count} rows ({size}) to {result.path}"))

    def _rows(self, wanted: Export) -> Iterable[Any]:
        if wanted.frozen is not None:
            return shown_rows(wanted.frozen, wanted.table)
        return self._look_up(lambda store: kept_rows(store, wanted)).result(_PATIENCE_SECONDS)


def _export(choice: ExportChoice, fields: Fields[Any], rows: Iterable[Any]) -> ExportResult:
    from tui.table.export import Field, export

    columns = [Field(name, kind) for name, kind in fields.kinds.items()]
    return export(choice.path, choice.format, columns, map(fields.values, rows))
