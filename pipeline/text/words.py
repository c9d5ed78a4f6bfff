"""Formats counts, paths and quotations for messages."""

from __future__ import annotations

from typing import Final

_LOCAL: Final = "file:"
_LONGEST_QUOTE: Final = 200


def counted(count: int, noun: str, plural: str = "") -> str:
    """Format a count with its noun: `1 row`, `12,345 rows`.

    Args:
        count: How many.
        noun: The singular.
        plural: The plural, where it is not the singular with an s.
    """
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def location(path: str) -> str:
    """Format a path as one would type it; Flink writes local paths as `file:/` or `file:///`."""
    if not path.startswith(_LOCAL):
        return path
    return "/" + path.removeprefix(_LOCAL).lstrip("/")


def quoted(text: str) -> str:
    """Shorten another program's message to one line without a full stop, for use in ours."""
    line = " ".join(text.split())
    shown = line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]} …"
    return shown.rstrip(". ")
