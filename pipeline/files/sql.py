"""Columns and times as parts of DuckDB's SQL."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Names of columns, told apart as DuckDB does it: whatever their case, and none empty."""
    taken = set[str]()
    result = []
    for position, given in enumerate(names):
        base = given.strip() or f"column{position}"
        known, number = base, 0
        while known.lower() in taken:
            number += 1
            known = f"{base}_{number}"
        taken.add(known.lower())
        result.append(known)
    return tuple(result)


def moment(time: datetime) -> str:
    """A timestamp literal; a parameter would have DuckDB import pandas."""
    return f"TIMESTAMP '{time.isoformat(' ')}'"
