"""Decodes values as Flink's JSON format does with `json.ignore-parse-errors`.

A value is decoded strictly first: that is fast, and agrees with Flink on records written in the
usual form. What is refused is read field by field, as Flink does it: a field that does not fit its
column becomes null, a number in quotes is a number, and an object in a string column is its JSON
text. Verified against Flink 2.3 (`JsonParserToRowDataConverters`).
"""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Annotated, Any, Final, TypeVar

import msgspec

from pipeline.text.malformed import MALFORMED
from pipeline.text.ready_type import ready

T = TypeVar("T")

# msgspec accepts ISO times with a `T`, which Flink's `SQL` timestamp format does not.
_ISO_TIME: Final = re.compile(rb"-[0-9]{2}[Tt_][0-9]{2}:")
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER: Final = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|NaN|Infinity)")
# Flink's `SQL` timestamp format: a space instead of `T`, and no time zone.
_TIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{0,9}))?", re.ASCII)
_MIDNIGHT_AFTER: Final = "24:00:00"
_LONGEST_MONTH: Final = 31
_LocalTime = Annotated[datetime, msgspec.Meta(tz=False)]
_PYTHON_TYPES: Final = {"float32": float, "float64": float, "boolean": bool, "date": date}


def row_reader(columns: Mapping[str, str]) -> Callable[[bytes | None], Any]:
    """Return a function that decodes a value to an object with these attributes, or to None.

    Attributes are None where Flink reads null; the object is None where Flink reads no row.

    Args:
        columns: Ibis type names by column.
    """
    row_type = _row_type(tuple(columns.items()))
    decode = strict_decoder(row_type)

    def read(value: bytes | None) -> Any:
        if value is None:
            return None
        row = decode(value)
        if row is not None:
            return row
        fields = read_leniently(value, columns)
        return None if fields is None else row_type(**fields)

    return read


def strict_decoder(row_type: type[T]) -> Callable[[bytes | None], T | None]:
    """Return a function that decodes a value if it is written in the usual form, else None.

    Args:
        row_type: The record to decode to.
    """
    decoder = msgspec.json.Decoder(ready(row_type))

    def decode(value: bytes | None) -> T | None:
        if not value or _ISO_TIME.search(value):
            return None
        try:
            return decoder.decode(value)
        except MALFORMED:
            return None

    return decode


@cache
def _row_type(columns: tuple[tuple[str, str], ...]) -> type[msgspec.Struct]:
    """Return a record type with these columns, each of which may be absent."""
    fields = [(name, _python_type(dtype) | None, None) for name, dtype in columns]
    return msgspec.defstruct("Row", fields, gc=False)


def _python_type(dtype: str) -> Any:
    if dtype.startswith("timestamp"):
        return _LocalTime
    if bits := _integer_bits(dtype):
        bound = 2 ** (bits - 1)
        return Annotated[int, msgspec.Meta(ge=-bound, le=bound - 1)]
    return _PYTHON_TYPES.get(dtype, str)


def _integer_bits(dtype: str) -> int:
    """Return the width of an integer type; 0 for any other type."""
    digits = dtype.removeprefix("int")
    return int(digits) if digits.isdigit() else 0


def read_leniently(value: bytes, columns: Mapping[str, str]) -> dict[str, Any] | None:
    """Read one value field by field; None if it is not a JSON object.

    Args:
        value: The record's value.
        columns: Ibis type names by column.

    Returns:
        A value by column; None where the field is absent, null, or does not fit.
    """
    try:
        fields = read_fields(value)
        if fields is None:
            return None
        return {name: _field(fields.get(name), dtype) for name, dtype in columns.items()}
    except MALFORMED:
        return None


def read_fields(value: bytes) -> dict[str, msgspec.Raw] | None:
    """Return the fields of a value as raw JSON; None if it is JSON but not an object.

    UTF-16 and UTF-32 are recognised by their zero bytes, as in Flink's parser.

    Raises:
        msgspec.DecodeError, UnicodeDecodeError, RecursionError: It is not JSON.
    """
    encoding = json.detect_encoding(value)
    if encoding != "utf-8":
        value = value.decode(encoding).encode()
    try:
        return _FIELDS.decode(value)
    except msgspec.ValidationError:
        return None


def _field(raw: msgspec.Raw | None, dtype: str) -> Any:
    source = "null" if raw is None else bytes(raw).decode().strip()
    if source == "null":
        return None
    quoted = source.startswith('"')
    text = msgspec.json.decode(source) if quoted else source
    if bits := _integer_bits(dtype):
        return _integer(text.strip(), bits, quoted=quoted)
    if dtype.startswith("float"):
        return float(text) if _NUMBER.fullmatch(text.strip()) else None
    if dtype.startswith("timestamp"):
        return _time(text) if quoted else None
    if dtype == "date":
        return _date(text) if quoted else None
    if dtype == "boolean":
        return text.strip().lower() == "true"
    if source.startswith(("{", "[")):
        return msgspec.json.encode(msgspec.json.decode(source)).decode()
    return text


def _integer(text: str, bits: int, *, quoted: bool) -> int | None:
    if _INTEGER.fullmatch(text):
        number = int(text)
    elif not quoted and _NUMBER.fullmatch(text) and abs(float(text)) < 2**63:
        # A fraction is cut off; in quotes, Flink rejects it.
        number = int(float(text))
    else:
        return None
    return number if -(2 ** (bits - 1)) <= number < 2 ** (bits - 1) else None


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _time(text: str) -> datetime | None:
    found = _TIME.fullmatch(text)
    if found is None:
        return None
    try:
        year, month, day = int(found[1]), int(found[2]), int(found[3])
        if day <= _LONGEST_MONTH:
            # Java's smart resolver: the 30th of February is the last day of February.
            day = min(day, monthrange(year, month)[1])
        days_more = timedelta(days=found[4] == _MIDNIGHT_AFTER and not (found[5] or "").strip("0"))
        clock = time() if days_more else time.fromisoformat(found[4])
        moment = datetime.combine(date(year, month, day), clock) + days_more
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=int((found[5] or "").ljust(6, "0")[:6]))
