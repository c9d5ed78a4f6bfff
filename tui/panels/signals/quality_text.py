"""The figures of a signal as text; what is unknown is a dash, never a zero."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.drawing import text

if TYPE_CHECKING:
    from pipeline.signals.quality import Share


def percent(share: Share | None) -> str:
    """Format a share: `83 %`, or a dash if it is a part of nothing."""
    return text.NOTHING if share is None else text.share(share.value)


def span(share: Share | None) -> str:
    """Format the interval of a share, to stand behind it: ` (71–91)`; empty for none."""
    return "" if share is None else f" ({100 * share.low:.0f}–{100 * share.high:.0f})"


def rate(value: float | None) -> str:
    """Format a number of alerts a day, or a dash."""
    return text.NOTHING if value is None else text.rate(value)


def plain(value: float | None) -> str:
    """Format a figure from 0 to 1 with two decimals, or a dash."""
    return text.NOTHING if value is None else f"{value:.2f}"
