"""Which columns of a file an expression refers to."""

from __future__ import annotations

from collections.abc import Sequence

import sqlglot
import sqlglot.expressions as sge
from sqlglot.errors import SqlglotError

from .layouts import simple


def referred(header: Sequence[str], text: str) -> frozenset[str] | None:
    """Return the columns that `text` refers to, in lower case; None if the header lacks any.

    Args:
        header: Names of the file's columns.
        text: One of them, or a DuckDB expression over them or over their simple names.
    """
    names = {column.lower() for column in header} | set(map(simple, header))
    if text.lower() in names:
        return frozenset([text.lower()])
    try:
        parsed = sqlglot.parse_one(text, dialect="duckdb")
    except SqlglotError:
        return None
    # "Booked at", which is no column then, is read as a column `Booked` that is renamed `at`.
    if isinstance(parsed, sge.Alias):
        return None
    found = frozenset(column.parts[0].name.lower() for column in parsed.find_all(sge.Column))
    return found if found <= names else None
