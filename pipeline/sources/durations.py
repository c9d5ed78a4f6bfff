"""Lengths of time as people write them: `500ms`, `30s`, `5 min`, `1h`, `1d`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_UNITS: Final = {
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
}
_WRITTEN: Final = re.compile(rf"\s*([0-9]{{1,9}})\s*({'|'.join(_UNITS)})\s*")


def duration(written: object) -> timedelta | None:
    """Return the length of time; None if it is not one, or is negative."""
    if isinstance(written, timedelta):
        return written if written >= timedelta() else None
    found = _WRITTEN.fullmatch(written) if isinstance(written, str) else None
    return int(found[1]) * _UNITS[found[2]] if found else None


def in_words(length: timedelta) -> str:
    """Format a length of time with one unit, as Flink's options and `duration` read it."""
    milliseconds = length // timedelta(milliseconds=1)
    return f"{milliseconds} ms" if milliseconds % 1_000 else f"{milliseconds // 1_000} s"
