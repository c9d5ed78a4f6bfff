"""The types that a column of a stream can have."""

from __future__ import annotations

import re
from typing import Final

from pipeline.errors import InputError

TIME: Final = "timestamp(3)"
TYPES: Final = (
    *("boolean", "int8", "int16", "int32", "int64", "float32", "float64"),
    *("string", "date", TIME),
)
"""Ibis types of a column, besides decimals."""
_DECIMAL: Final = re.compile(r"decimal\(([0-9]+), ([0-9]+)\)")
_MOST_DIGITS: Final = 38
# Flink's names of types that Ibis does not know.
_IN_SQL: Final = {"bigint": "int64", "smallint": "int16", "tinyint": "int8"}
_NESTED: Final = ("array<", "struct<", "map<")
_ARRAY: Final = re.compile(r"array<(\w+)>")
_ELEMENTS: Final = ("boolean", "int8", "int16", "int32", "int64", "float64", "string")
_WHOLE: Final = re.compile(r"int(8|16|32|64)")


def canonical(written: str) -> str:
    """Return Ibis's own name of a type that is written as Ibis or Flink call it.

    Raises:
        InputError: It is not a type, or not one that a column can have.
    """
    if written in TYPES:  # keeps Ibis out of the console's first paint
        return written
    named = _by_ibis(written)
    if named == "timestamp":
        return TIME
    if named in TYPES or is_exact(named) or element(named) in _ELEMENTS:
        return named
    if named.startswith("decimal"):
        hint = f"Say its digits, at most {_MOST_DIGITS}, as in 'decimal(12, 2)'."
    elif named.startswith("timestamp"):
        hint = f"Times are in UTC and have milliseconds: write {TIME!r}."
    elif element(named):
        hint = f"In JSON, arrays can be of {', '.join(_ELEMENTS)}."
    elif named.startswith(_NESTED):
        hint = (
            "In JSON, a column of 'string' has its text, and `paths` reads what is inside of it, "
            "as in 'tags[0]'."
        )
    else:
        hint = f"Write one of {', '.join(TYPES)}, or decimal(12, 2)."
    raise InputError(f"{written!r} is not a type that a column can have", hint)


def is_exact(dtype: str) -> bool:
    """Whether a type is a decimal with as many digits as Flink and DuckDB can hold."""
    if not _DECIMAL.fullmatch(dtype):
        return False
    all_digits, behind = digits(dtype)
    return 1 <= all_digits <= _MOST_DIGITS and behind <= all_digits


def is_decimal(dtype: str) -> bool:
    """Whether a type holds exact decimal numbers."""
    return dtype.startswith("decimal")


def digits(dtype: str) -> tuple[int, int]:
    """Return the digits of a decimal type: all of them, and those behind the point."""
    found = _DECIMAL.fullmatch(dtype)
    assert found is not None
    return int(found[1]), int(found[2])


def element(dtype: str) -> str:
    """Return the type of the elements of an array type; empty for any other type."""
    found = _ARRAY.fullmatch(dtype)
    return found[1] if found else ""


def is_whole(dtype: str) -> bool:
    """Whether a type holds whole numbers."""
    return bool(_WHOLE.fullmatch(dtype))


def is_number(dtype: str) -> bool:
    """Whether a type holds numbers."""
    return is_whole(dtype) or is_decimal(dtype) or dtype.startswith("float")


def _by_ibis(written: str) -> str:
    import ibis

    try:
        # Ibis raises an exception of its parser, among others.
        named = str(ibis.dtype(_IN_SQL.get(written.lower(), written)).copy(nullable=True))
    except Exception:
        return "unknown"
    # Ibis writes that elements may be null as it does for columns.
    return "string" if named.startswith("string") else named
