"""Values from text, as Java reads them; Flink's JSON and CSV formats leave it to Java.

Verified against Flink 2.3 (`JsonParserToRowDataConverters`, `CsvToRowDataConverters`).
"""

from __future__ import annotations

import re
from calendar import monthrange
from contextlib import suppress
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from math import copysign, inf
from typing import Final

from pipeline.sources.column_types import digits

_SPACES: Final = "".join(map(chr, range(ord(" ") + 1)))
_LAST_OF_CHAR: Final = "\uffff"
"""Java looks at digits of this and lower code points, in any script."""
_WHOLE: Final = re.compile(r"[+-]?\d+")
_MOST_DIGITS: Final = 400
"""More than any number has that fits; Python refuses to read thousands of them."""
_NUMBER: Final = re.compile(
    r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?[dDfF]?|NaN|Infinity)"
)
_HEXADECIMAL: Final = re.compile(
    r"([+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+)[dDfF]?"
)
_EXACT: Final = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,9})?")
_CONTEXT: Final = Context(prec=100, rounding=ROUND_HALF_UP)
_DATE: Final = re.compile(r"(\+\d{3}|\d{4})-(\+\d|\d{1,2})-(\+\d|\d{1,2})")
_JULIAN_END: Final = (1582, 10, 4)
_GREGORIAN: Final = (1582, 10, 15)
_SKIPPED: Final = timedelta(days=10)


def trimmed(text: str) -> str:
    """Return a text without the spaces and control characters around it."""
    return text.strip(_SPACES)


def whole(text: str, bits: int) -> int | None:
    """Return a whole number; None if it is none, or does not fit into this many bits."""
    written = trimmed(text)
    if not _WHOLE.fullmatch(written) or max(written) > _LAST_OF_CHAR:
        return None
    significant = written.lstrip("+-").lstrip("0") or "0"
    if len(significant) > _MOST_DIGITS:
        return None
    number = -int(significant) if written[0] == "-" else int(significant)
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None


def number(text: str) -> float | None:
    """Return a number; None if it is none."""
    written = trimmed(text)
    if _NUMBER.fullmatch(written):
        return float(written.rstrip("dDfF"))
    if found := _HEXADECIMAL.fullmatch(written):
        with suppress(OverflowError):
            return float.fromhex(found[1])
        return copysign(inf, -1 if written[0] == "-" else 1)
    return None


def exact(text: str, dtype: str) -> Decimal | None:
    """Return a number, rounded to the digits of its column; None if it is none, or too large.

    Args:
        text: As it is written, without spaces.
        dtype: The column's Ibis type.
    """
    if not _EXACT.fullmatch(text) or max(text) > _LAST_OF_CHAR:
        return None
    number = Decimal(text)
    all_digits, behind = digits(dtype)
    before = all_digits - behind
    if number and number.adjusted() > before:
        return None
    rounded = number.quantize(Decimal(1).scaleb(-behind), context=_CONTEXT)
    if not rounded:
        return abs(rounded)
    return rounded if rounded.adjusted() < before else None


def is_true(text: str) -> bool:
    """Whether a text is the word `true`; all others are false."""
    return trimmed(text).lower() == "true"


def sql_date(text: str) -> date | None:
    """Return a date as `java.sql.Date` reads it, which has days up to 31 in each month.

    Those that a month does not have are of the next one. Before October 1582, the calendar is the
    Julian one, whose dates are taken as they are.
    """
    found = _DATE.fullmatch(text)
    if found is None or max(text) > _LAST_OF_CHAR:
        return None
    year, month, day = map(int, found.groups())
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    try:
        # The year before the first one is the first one before Christ, whose number is 1 as well.
        written = (year or 1, month, day)
        if written < _GREGORIAN:
            if written > _JULIAN_END:
                return date(*written) + _SKIPPED
            length = 29 if month == 2 and year % 4 == 0 else monthrange(2023, month)[1]
        else:
            length = monthrange(year, month)[1]
        over = day - length
        return date(*written) if over <= 0 else date(written[0], month + 1, over)
    except ValueError:
        return None
