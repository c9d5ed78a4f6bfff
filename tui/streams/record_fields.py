"""What an export of records has in it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from tui.table.query import Field, Fields

from .record_view import RecordView, as_text


def _time(record: RecordView) -> datetime | None:
    return None if record.time is None else record.time.replace(tzinfo=None)


def _text(data: bytes | None) -> str | None:
    return None if data is None else as_text(data)


def _headers(record: RecordView) -> str | None:
    """As JSON, in their order, since a name may come more than once; None for none."""
    headers = [(name, _text(value)) for name, value in record.headers]
    return msgspec.json.encode(headers).decode() if headers else None


RECORD_FIELDS: Final = Fields[RecordView](
    Field("partition", int, lambda record: record.partition),
    Field("offset", int, lambda record: record.offset),
    Field("time", datetime, _time),
    Field("key", str, lambda record: _text(record.key)),
    Field("value", str, lambda record: _text(record.data)),
    # Larger than the value beside it where that is only how a long one begins.
    Field("bytes", int, lambda record: record.size or len(record.data or b"")),
    Field("headers", str, _headers),
)
