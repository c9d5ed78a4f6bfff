"""Exports as screens describe them, and the thread that writes them to a file."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

from pipeline.sources.masking import HIDDEN
from pipeline.text.words import counted
from tui.drawing import text
from tui.session.view import Notice, Severity
from tui.streams.problem import Problem
from tui.table.column import Columns

if TYPE_CHECKING:
    from .dialog import ExportChoice

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Export:
    """Rows that may be written to a file.

    Attributes:
        what: A description: `Users, 1,234 of 20,000 that match count>5`.
        name: The file name, without time and suffix.
        count: Number of rows.
        columns: The columns to write, in this order.
        rows: Returns the rows; called in the thread that writes.
    """

    what: str
    name: str
    count: int
    columns: Columns[Any]
    rows: Callable[[], Iterable[Any]]


@dataclass
class ExportRows(Message):
    """Posted by a screen to export rows to a file."""

    export: Export


def write(export: Export, choice: ExportChoice, notify: Callable[[Notice], None]) -> None:
    """Write a file in a new thread; returns at once.

    Args:
        export: The rows.
        choice: The format and the path.
        notify: Called with the outcome.
    """
    threading.Thread(
        target=_write, args=(export, choice, notify), name="fraudwatch-export", daemon=True
    ).start()


def _write(export: Export, choice: ExportChoice, notify: Callable[[Notice], None]) -> None:
    # The libraries that write files are slow to import.
    from tui.table import export as files

    places = export.columns.places
    columns = [
        files.FileColumn(name, kind, places[name]) for name, kind in export.columns.exported.items()
    ]
    hidden = False

    def values(row: Any) -> list[Any]:
        nonlocal hidden
        found = export.columns.values(row)
        hidden = hidden or any(isinstance(each, str) and HIDDEN in each for each in found)
        return found

    try:
        rows = map(values, export.rows())
        result = files.export(choice.path, choice.format, columns, rows)
    except Exception as error:
        _log.warning("export failed", exc_info=error)
        notify(Notice(str(Problem.of(error)), Severity.ERROR))
    else:
        count, size = counted(result.rows, "row"), text.size(result.bytes)
        said = f"Exported {count} ({size}) to {result.path}"
        masked = f". Sensitive fields are written as {HIDDEN}, so do not replay it."
        notify(Notice(said + masked if hidden else said))
