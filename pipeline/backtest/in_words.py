"""Figures as they are printed."""

from __future__ import annotations

from typing import Final

from .figures import Ratio

NONE: Final = "–"


def number(value: float | None, digits: int) -> str:
    """Format a figure; one that does not exist is a dash."""
    return NONE if value is None else f"{value:,.{digits}f}"


def ratio_in_words(found: Ratio) -> str:
    """Format a share with its interval and its cases: `0.91 (0.86 to 0.94), 120 of 132`."""
    if found.value is None:
        return NONE
    return (
        f"{found.value:.2f} ({found.low:.2f} to {found.high:.2f}), {found.count:,} of {found.of:,}"
    )
