"""What an expression over the columns of a file refers to."""

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


def beyond_row(text: str) -> str:
    """Return what in a DuckDB expression is of more than one row of the file; empty for nothing.

    Window functions are not: they give each row one value.
    """
    try:
        parsed = sqlglot.parse(text, dialect="duckdb")
    except SqlglotError:
        return ""  # DuckDB says what is wrong with it.
    if len(parsed) != 1 or parsed[0] is None:
        return "several statements"
    for node in parsed[0].walk():
        if isinstance(node, sge.Query):
            return "a query"
        if isinstance(node, sge.AggFunc) and node.find_ancestor(sge.Window) is None:
            return f"the aggregate {node.key}()"
        if isinstance(node, sge.Explode):
            return "unnest(), which makes several rows of one"
        if isinstance(node, sge.Star | sge.Columns):
            return "*, which is all columns"
        if isinstance(node, sge.Placeholder | sge.Parameter):
            return "a parameter"
    return ""
