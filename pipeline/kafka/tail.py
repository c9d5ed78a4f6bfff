"""Records as lines: what a Kafka client would print, and nothing a terminal would act on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from pipeline.text.malformed import MALFORMED
from pipeline.text.sanitise import sanitised

from .records import Record


def as_text(data: bytes | None) -> str:
    """Bytes for a person: invalid UTF-8 and control characters escaped, `null` for nothing."""
    return "null" if data is None else sanitised(_decoded(data))


def text_line(record: Record) -> str:
    """One record as a line: offset, partition, timestamp, key, value."""
    key, value = as_text(record.key), as_text(record.value)
    return f"{record.offset:>10}  {record.partition:>3}  {_stamp(record):<24}  {key:>20}  {value}"


TEXT_HEADER = f"{'OFFSET':>10}  {'PRT':>3}  {'TIMESTAMP':<24}  {'KEY':>20}  VALUE"


def json_object(record: Record) -> dict[str, Any]:
    """One record as a JSON object; `value` is the parsed JSON where it is JSON, else a string."""
    value: Any = None
    if record.value is not None:
        try:
            value = msgspec.json.decode(record.value)
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
        # A producer may set any number.
        return str(record.timestamp_ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds:03d}Z"
