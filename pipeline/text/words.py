"""Counts and paths in the words that people use for them."""

from __future__ import annotations

from typing import Final

_LOCAL: Final = "file:"
_LONGEST_QUOTE: Final = 200


def counted(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: `1 row`, `12,345 rows`.

    Args:
        count: How many.
        noun: Of one.
        plural: Of any other number, where that is not the noun with an s.
    """
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def location(path: str) -> str:
    """Where something lies, as it would be typed; Flink writes `file:/` and `file:///` for one."""
    if not path.startswith(_LOCAL):
        return path
    return "/" + path.removeprefix(_LOCAL).lstrip("/")


def quoted(text: str) -> str:
    """Another program's words as part of a message: one line, short, without a full stop."""
    line = " ".join(text.split())
    shown = line if len(line) <= _LONGEST_QUOTE else f"{line[:_LONGEST_QUOTE]} …"
    return shown.rstrip(". ")
