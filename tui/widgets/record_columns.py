"""The columns of Kafka records of any content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from tui.drawing import json_text, text
from tui.drawing.tones import Piece, Tone
from tui.streams.record_view import RecordView, as_text
from tui.table.column import Column, Columns, RowT

from .record_lines import list_time

_KEY_CELLS: Final = 40
# Longer than any terminal's line.
_LINE_BYTES: Final = 480


def _time_cell(record: RecordView, _: float) -> Sequence[Piece]:
    time = record.time
    return [Piece(list_time(time) if time is not None else text.NOTHING, Tone.QUIET)]


def _key_cell(record: RecordView, _: float) -> Sequence[Piece]:
    if record.key is None:
        return [Piece("null", Tone.QUIET)]
    return [Piece(text.clean(as_text(record.shown_key), _KEY_CELLS))]


@lru_cache(maxsize=512)
def _coloured(begin: bytes) -> tuple[Piece, ...]:
    source = as_text(begin)
    if source.lstrip()[:1] in ("{", "["):
        return tuple(json_text.colour(source))
    return (Piece(text.clean(source, _LINE_BYTES)),)


def _value_cell(record: RecordView, _: float) -> Sequence[Piece]:
    data = record.shown
    if data is None:
        return [Piece("tombstone", Tone.WAITS)]
    if not data:
        return [Piece("empty", Tone.WAITS)]
    return _coloured(data[:_LINE_BYTES])


def _time(record: RecordView) -> datetime | None:
    return None if record.time is None else record.time.replace(tzinfo=None)


def _text(data: bytes | None) -> str | None:
    return None if data is None else as_text(data)


def _headers(record: RecordView) -> str | None:
    """Return headers as JSON, in their order, since names may repeat; None for no headers."""
    headers = [(name, _text(value)) for name, value in record.shown_headers]
    return msgspec.json.encode(headers).decode() if headers else None


_COLUMNS: Final[tuple[Column[RecordView], ...]] = (
    Column(
        "offset",
        8,
        lambda record, _: [Piece(str(record.offset))],
        name="offset",
        kind=int,
        value=lambda record: record.offset,
        right=True,
    ),
    Column(
        "part",
        4,
        lambda record, _: [Piece(str(record.partition), Tone.QUIET)],
        name="partition",
        kind=int,
        value=lambda record: record.partition,
        right=True,
        drop=2,
    ),
    Column("time UTC", 19, _time_cell, name="time", kind=datetime, value=_time, drop=2),
    Column(
        "key",
        10,
        _key_cell,
        name="key",
        value=lambda record: _text(record.shown_key),
        drop=1,
        grow=10,
    ),
    Column(
        "value",
        20,
        _value_cell,
        name="value",
        value=lambda record: _text(record.shown),
        grow=2_000,
    ),
    # The size of the whole value, even where the value is truncated.
    Column(name="bytes", kind=int, value=lambda record: record.size or len(record.data or b"")),
    Column(name="headers", value=_headers),
)

RECORD_COLUMNS: Final = Columns[RecordView](*_COLUMNS)


def exported_with(record_of: Callable[[RowT], RecordView]) -> list[Column[RowT]]:
    """Return columns that export the record behind a row; they are not drawn."""

    def of_row(column: Column[RecordView]) -> Column[RowT]:
        value: Callable[[RecordView], Any] = column.value
        return Column(name=column.name, kind=column.kind, value=lambda row: value(record_of(row)))

    return [of_row(column) for column in _COLUMNS]
