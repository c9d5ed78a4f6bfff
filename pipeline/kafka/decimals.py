"""Exact decimal numbers, as Flink's JSON format reads them."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final

from pipeline.sources.column_types import digits

_NUMBER: Final = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,9})?")
_CONTEXT: Final = Context(prec=100, rounding=ROUND_HALF_UP)


def read(text: str, dtype: str) -> Decimal | None:
    """Return a number, rounded to the digits of its column; None if it is none, or too large.

    Args:
        text: As it is written.
        dtype: The column's Ibis type.
    """
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        return None
    number = Decimal(stripped)
    all_digits, behind = digits(dtype)
    before = all_digits - behind
    if number and number.adjusted() > before:
        return None
    rounded = number.quantize(Decimal(1).scaleb(-behind), context=_CONTEXT)
    return rounded if not rounded or rounded.adjusted() < before else None
