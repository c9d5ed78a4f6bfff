"""Quoting and comparing columns in DuckDB's SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from pipeline.text.sql import identifier


def listed(names: Iterable[str], table: str = "") -> str:
    """Quote and join the columns of a table."""
    return ", ".join(f"{table}.{identifier(name)}" if table else identifier(name) for name in names)


def same(names: Iterable[str], left: str, right: str) -> str:
    """Return the SQL condition that rows agree in these columns; nulls are equal."""
    conditions = (
        f"{left}.{identifier(name)} IS NOT DISTINCT FROM {right}.{identifier(name)}"
        for name in names
    )
    return " AND ".join(conditions) or "true"


def joined(columns: Mapping[str, str], rows: str) -> str:
    """Return the SQL condition that a transaction `t` agrees with a row; nulls are equal.

    Args:
        columns: The transaction's columns, by those of the row.
        rows: The table of the row.
    """
    conditions = (
        f"t.{identifier(column)} IS NOT DISTINCT FROM {rows}.{identifier(name)}"
        for name, column in columns.items()
    )
    return " AND ".join(conditions) or "true"


def micros_of(length: timedelta) -> int:
    """Return a length of time in microseconds."""
    return length // timedelta(microseconds=1)


def micros(value: int) -> str:
    """Return SQL for a timestamp in microseconds since the epoch."""
    return f"make_timestamp({value}::BIGINT)"
