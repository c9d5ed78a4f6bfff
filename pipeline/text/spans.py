"""Spans of time for people: `1 h`, `2 d`, `90 s`."""

from __future__ import annotations

from typing import Final

_UNITS: Final = (("d", 86_400), ("h", 3_600), ("min", 60))


def span(seconds: float) -> str:
    """Format seconds in the largest unit of which they are a whole number."""
    for unit, length in _UNITS:
        if seconds >= length and seconds % length == 0:
            return f"{seconds / length:,.0f} {unit}"
    return f"{seconds:,g} s"
