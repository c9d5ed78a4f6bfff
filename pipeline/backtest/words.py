"""Figures as they are printed."""

from __future__ import annotations

from typing import Final

from .figures import Share

NONE: Final = "–"


def number(value: float | None, digits: int) -> str:
    """Format a figure; one that does not exist is a dash."""
    return NONE if value is None else f"{value:,.{digits}f}"


def share_in_words(share: Share) -> str:
    """Format a share with its interval and its cases: `0.91 (0.86 to 0.94), 120 of 132`."""
    if share.value is None:
        return NONE
    return (
        f"{share.value:.2f} ({share.low:.2f} to {share.high:.2f}), {share.count:,} of {share.of:,}"
    )
