"""Names and texts as parts of SQL, quoted as the standard, DuckDB and Flink's options want it."""

from __future__ import annotations


def identifier(name: str) -> str:
    """Quote the name of a table or column."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """Quote a value as a string literal."""
    return "'" + str(value).replace("'", "''") + "'"
