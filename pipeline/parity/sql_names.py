"""Columns of a feature in SQL."""

from __future__ import annotations

from collections.abc import Iterable


def quoted(name: str) -> str:
    """A column's name in SQL."""
    return '"' + name.replace('"', '""') + '"'


def listed(names: Iterable[str], table: str = "") -> str:
    """Columns of a table, one after the other."""
    return ", ".join(f"{table}.{quoted(name)}" if table else quoted(name) for name in names)


def same(names: Iterable[str], left: str, right: str) -> str:
    """The condition that two tables' rows agree in these columns; nulls are equal."""
    conditions = (
        f"{left}.{quoted(name)} IS NOT DISTINCT FROM {right}.{quoted(name)}" for name in names
    )
    return " AND ".join(conditions) or "true"


def micros(value: int) -> str:
    """A moment, given in microseconds since the epoch."""
    return f"make_timestamp({value}::BIGINT)"
