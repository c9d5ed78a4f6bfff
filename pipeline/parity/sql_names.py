"""Quoting and comparing columns in DuckDB's SQL."""

from __future__ import annotations

from collections.abc import Iterable

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


def micros(value: int) -> str:
    """Return SQL for a timestamp in microseconds since the epoch."""
    return f"make_timestamp({value}::BIGINT)"
