"""Values as text: readable, cut to a width in cells, and free of control characters."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from decimal import Decimal
from typing import Final

from rich.cells import cell_len, set_cell_size

from pipeline.text.sanitise import is_harmful

ELLIPSIS: Final = "…"
NOTHING: Final = "–"
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"

_HUGE: Final = 1e15

_DEFAULT_CELLS: Final = 200
# Combining marks take no cells, so the number of cells does not bound a string.
_CHARACTERS_PER_CELL: Final = 4

_AT_A_CUT: Final = " \u200c\u200d"
# Soft hyphen, joiners, variation selectors.
_UNSEEN: Final = re.compile("[\u00ad\u200c\u200d\ufe00-\ufe0f]")

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


def clean(value: object, cells: int = _DEFAULT_CELLS) -> str:
    """Make a value safe to show, replacing every invisible character with a visible one.

    Args:
        value: Text from outside: a topic, an error message, a process.
        cells: Width to cut to; a cut shows as an ellipsis.
    """
    text = str(value)
    longest = cells * _CHARACTERS_PER_CELL
    shortened = len(text) > longest
    text = text[:longest]
    if not (text.isascii() and text.isprintable()):
        text = "".join(_visible(text, at) for at in range(len(text)))
    return clip(text + ELLIPSIS if shortened else text, cells)


def clip(text: str, cells: int) -> str:
    """Cut clean text to a width in cells; a cut shows as an ellipsis."""
    if cell_len(text) <= cells:
        return text
    return set_cell_size(text, cells - 1).rstrip(_AT_A_CUT) + ELLIPSIS if cells > 0 else ""


def clip_middle(text: str, cells: int) -> str:
    """Cut a clean name in the middle to a width in cells, since related names begin alike."""
    if cell_len(text) <= cells or cells < 5:
        return clip(text, cells)
    end = (cells - 1) // 2
    behind = len(text)
    while behind > 0 and cell_len(text[behind - 1 :]) <= end:
        behind -= 1
    left = cells - 1 - cell_len(text[behind:])
    return set_cell_size(text, left).rstrip(_AT_A_CUT) + ELLIPSIS + text[behind:]


def integer(value: int) -> str:
    """Format with thousands separators: `12,345`."""
    return f"{value:,}"


def user(user_id: int) -> str:
    """Format an id with a blank in place of a missing sign, so that ids line up."""
    return f"{user_id: d}"


def money(value: float | Decimal) -> str:
    """Format an amount: `1,507.78`, or `1.500e+99` if it is huge."""
    return f"{value:,.2f}" if -_HUGE < value < _HUGE else f"{value:.3e}"


def share(value: float) -> str:
    """Format a share in percent, with a decimal only if it is small: `0.6 %`, `23 %`."""
    percent = 100 * value
    return f"{percent:.1f} %" if 0 < percent < 10 else f"{percent:.0f} %"


def size(value: int) -> str:
    """Format bytes in the largest fitting unit: `512 B`, `14 kB`, `1.2 MB`."""
    amount = float(value)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.1f} {unit}" if unit != "B" and amount < 10 else f"{amount:.0f} {unit}"
        amount /= 1000
    return f"{amount:,.1f} TB"


def signed(value: float) -> str:
    """Format an amount with its sign: `+312.40`."""
    return f"{value:+,.2f}"


def short_time(value: datetime | None) -> str:
    """Format a time without the year, which the header shows: `03-04 17:22:10`."""
    return value.strftime("%m-%d %H:%M:%S") if value else NOTHING


def rate(value: float) -> str:
    """Format a rate, with a decimal only if it is small: `0.4`, `104`."""
    return f"{value:,.1f}" if 0 < value < 10 else f"{value:,.0f}"


def event_time(value: datetime | None) -> str:
    """Format as `2023-03-04 17:22:10`, or as a dash for None."""
    return value.strftime("%Y-%m-%d %H:%M:%S") if value else NOTHING


def window(start: datetime, end: datetime) -> str:
    """Format as `2023-03-04 12:00 → 18:00`; the end's date is added when it differs."""
    same_day = start.date() == end.date()
    return f"{start:%Y-%m-%d %H:%M} → {end:%H:%M}" + ("" if same_day else f" {end:%m-%d}")


def duration(seconds: float) -> str:
    """Format seconds in the largest fitting unit: `12 s`, `3 min`, `2 h 05`, `4 d`."""
    whole = max(0, int(seconds))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02}"
    return f"{whole // _DAY} d"


def age(seconds: float) -> str:
    """Format an age in seconds: `now`, `4 s ago`."""
    return "now" if seconds < 1 else f"{duration(seconds)} ago"


def folded(text: str) -> str:
    """Fold a text for comparison: case, the encoding of accents and invisible characters go."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize(
        "NFC", _UNSEEN.sub("", unicodedata.normalize("NFC", text).casefold())
    )


def _visible(text: str, at: int) -> str:
    character = text[at]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has a symbol for each C0 control character.
    if code == 0x7F:
        return "\N{SYMBOL FOR DELETE}"
    if 0xFE00 <= code <= 0xFE0F:
        return ""  # Variation selectors change the width of a character that was already counted.
    return _REPLACEMENT if is_harmful(text, at) else character
