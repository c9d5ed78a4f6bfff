"""Columns and times as SQL for DuckDB."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime


def unique(names: Iterable[str]) -> tuple[str, ...]:
    """Make names of columns distinct as DuckDB does: regardless of case, and none empty."""
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
    """A timestamp literal; for a parameter DuckDB would import pandas."""
    return f"TIMESTAMP '{time.isoformat(' ')}'"
