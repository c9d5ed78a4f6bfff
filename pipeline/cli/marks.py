"""The mark at the start of a line that shows a state."""

from __future__ import annotations

import os
import sys
from enum import StrEnum


class Mark(StrEnum):
    """The character that stands for a state."""

    GOOD = "✓"
    WARNING = "!"
    FAILED = "✗"
    SKIPPED = "·"
    UNKNOWN = "?"


_COLOURS = {
    Mark.GOOD: "32",
    Mark.WARNING: "33",
    Mark.FAILED: "31",
    Mark.SKIPPED: "2",
    Mark.UNKNOWN: "33",
}


def marked(mark: Mark) -> str:
    """Return a mark, coloured on a terminal."""
    plain = bool(os.environ.get("NO_COLOR")) or not sys.stdout.isatty()
    return mark.value if plain else f"\x1b[{_COLOURS[mark]}m{mark.value}\x1b[0m"
