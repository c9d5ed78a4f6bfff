"""A record as Flink's JSON format reads it while it ignores parse errors: field by field.

A field that does not fit its column becomes null, and what can be understood as the column's type
is: a number in quotes is a number, and an object in a text column is its JSON. Held against Flink
2.3 (`JsonParserToRowDataConverters`).
"""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import msgspec

from pipeline.text.malformed import MALFORMED

_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_NUMBER: Final = re.compile(r"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|NaN|Infinity)")
# The `SQL` timestamp format: a space, no `T`, no zone.
_TIME: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{0,9}))?", re.ASCII)
_MIDNIGHT_AFTER: Final = "24:00:00"
_LONGEST_MONTH: Final = 31
INTEGER_BITS: Final = {"int8": 8, "int16": 16, "int32": 32, "int64": 64}


def read_leniently(value: bytes, columns: Mapping[str, str]) -> dict[str, Any] | None:
    """The columns of one record; None if it is no JSON object.

    Args:
        value: The record's value.
        columns: Ibis type names by column.
    """
    try:
        fields = read_fields(value)
        if fields is None:
            return None
        return {name: _field(fields.get(name), dtype) for name, dtype in columns.items()}
    except MALFORMED:
        return None


def read_fields(value: bytes) -> dict[str, msgspec.Raw] | None:
    """The fields of a record as they are written; None if it is JSON but no object.

    UTF-16 and UTF-32 are told by their zeros, as Flink's parser does it.

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
    if dtype in INTEGER_BITS:
        return _integer(text.strip(), INTEGER_BITS[dtype], quoted=quoted)
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
        # A number with a fraction loses it; in quotes it is none.
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
            # Java's smart resolving: the 30th of February is its last day.
            day = min(day, monthrange(year, month)[1])
        days_more = timedelta(days=found[4] == _MIDNIGHT_AFTER and not (found[5] or "").strip("0"))
        clock = time() if days_more else time.fromisoformat(found[4])
        moment = datetime.combine(date(year, month, day), clock) + days_more
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=int((found[5] or "").ljust(6, "0")[:6]))
