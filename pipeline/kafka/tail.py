"""Formats records as lines, with nothing in them that could control the terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from pipeline.text.malformed import MALFORMED
from pipeline.text.sanitise import sanitised

from .records import Record


def _number(text: str) -> float | Decimal:
    """Return a number with all its digits: those of a double if it has them."""
    number, exact = float(text), Decimal(text)
    return number if Decimal(repr(number)) == exact else exact


_DECODER: Final = msgspec.json.Decoder(float_hook=_number)


def as_text(data: bytes | None) -> str:
    """Decode bytes for display: invalid UTF-8 and control characters escaped, None as `null`."""
    return "null" if data is None else sanitised(_decoded(data))


def text_line(record: Record) -> str:
    """Format a record as one line: offset, partition, timestamp, key, value."""
    key, value = as_text(record.key), as_text(record.value)
    return f"{record.offset:>10}  {record.partition:>3}  {_stamp(record):<24}  {key:>20}  {value}"


TEXT_HEADER = f"{'OFFSET':>10}  {'PRT':>3}  {'TIMESTAMP':<24}  {'KEY':>20}  VALUE"


def json_object(record: Record) -> dict[str, Any]:
    """Convert a record to a JSON object; `value` is parsed if it is JSON, otherwise a string."""
    value: Any = None
    if record.value is not None:
        try:
            value = _DECODER.decode(record.value)
        except MALFORMED:
            value = _decoded(record.value)
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": _stamp(record),
        "key": None if record.key is None else _decoded(record.key),
        "headers": [
            {"key": name, "value": None if value is None else _decoded(value)}
            for name, value in record.headers
        ],
        "value": value,
    }


def _decoded(data: bytes) -> str:
    return data.decode(errors="backslashreplace")


def _stamp(record: Record) -> str:
    seconds, milliseconds = divmod(record.timestamp_ms, 1000)
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        # Producers may set any number.
        return str(record.timestamp_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds:03d}Z"
