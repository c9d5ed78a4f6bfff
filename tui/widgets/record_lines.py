"""A record as lines: topic, partition, offset and headers, then its formatted value."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from rich.cells import cell_len

from pipeline.text.malformed import MALFORMED
from pipeline.text.words import counted
from tui.drawing import json_text, text
from tui.drawing.json_text import Line
from tui.drawing.tones import Piece, Tone
from tui.streams.record_view import RecordView, as_text

_KEY_CELLS: Final = 400
_REASON_CELLS: Final = 200
_GAP: Final = "   "


def record_lines(record: RecordView, width: int) -> list[Line]:
    """Format a record as lines of at most `width` cells."""
    groups = [
        [Piece(text.clean(record.topic), Tone.STRONG)],
        _field("partition", str(record.partition)),
        _field("offset", text.integer(record.offset)),
        _field("", stamp(record)),
        _field(
            "key",
            "null" if record.key is None else text.clean(as_text(record.shown_key), _KEY_CELLS),
        ),
        _size(record),
    ]
    lines = _flow(groups, width)
    lines += _flow(_headers(record), width) if record.headers else []
    lines.append([Piece("─" * width, Tone.LINE)])
    for line in _value(record):
        lines += json_text.wrap(line, width)
    return lines


def stamp(record: RecordView) -> str:
    """Format Kafka's timestamp in UTC with milliseconds, or say that there is none."""
    time = record.time
    if time is not None:
        return f"{time:%Y-%m-%d %H:%M:%S}.{time.microsecond // 1000:03} UTC"
    if record.timestamp_ms < 0:
        return "no timestamp"
    return f"timestamp {record.timestamp_ms}, not a valid time"


def list_time(time: datetime) -> str:
    """Format a time for a list: `2026-11-24 03:26:20`."""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def _field(name: str, value: str) -> Line:
    return [*([Piece(f"{name} ", Tone.QUIET)] if name else []), Piece(value)]


def _headers(record: RecordView) -> list[Line]:
    groups = [
        [
            Piece("header ", Tone.QUIET),
            Piece(f"{text.clean(name, _KEY_CELLS)} ", Tone.STRONG),
            Piece("null" if value is None else text.clean(as_text(value), _KEY_CELLS)),
        ]
        for name, value in record.shown_headers
    ]
    if record.headers_left:
        groups.append([Piece(f"and {text.integer(record.headers_left)} more headers", Tone.WAITS)])
    return groups


def _size(record: RecordView) -> Line:
    data = record.data
    if data is None:
        return [Piece("tombstone", Tone.WAITS)]
    size = text.integer(len(data) if record.size is None else record.size)
    line = [Piece(size), Piece(" bytes", Tone.QUIET)]
    if record.cut:
        line.append(Piece(f", the first {text.integer(len(data))} shown", Tone.WAITS))
    return line


def _value(record: RecordView) -> Iterable[Line]:
    data = record.shown
    if data is None:
        yield [Piece("No value: a tombstone, which marks its key as deleted.", Tone.WAITS)]
        return
    if not data:
        yield [Piece("The value is empty: it has 0 bytes.", Tone.WAITS)]
        return
    reason = _not_json(record, data)
    if reason:
        yield [Piece(text.clean(reason, _REASON_CELLS), Tone.WAITS)]
        yield []
        yield from json_text.plain(as_text(data))
        return
    lines, complete = json_text.lay_out(as_text(data))
    yield from lines
    if not complete:
        yield [Piece(f"… only {counted(len(lines), 'line')} shown.", Tone.WAITS)]


def _not_json(record: RecordView, data: bytes) -> str:
    """Return why the value is not shown as JSON; empty when it is."""
    if record.withheld:
        return "Hidden: it is not JSON, and the topic has sensitive fields."
    try:
        data.decode()
    except UnicodeDecodeError as error:
        # Truncation may split a character, which does not make the value invalid.
        if not (record.cut and error.start > len(data) - 4):
            return f"Not text: byte {error.start:,} is not UTF-8; such bytes are shown as \\x…."
    if record.cut:
        return "Too long to format as JSON; it starts with:"
    try:
        msgspec.json.decode(data)
    except RecursionError:
        return "Nested too deeply to format; shown unformatted."
    except MALFORMED as error:
        return f"Not JSON ({error}); shown unformatted."
    return ""


def _flow(groups: Sequence[Line], width: int) -> list[Line]:
    """Put as many groups on a line as fit."""
    lines: list[Line] = [[]]
    left = width
    for group in groups:
        cells = sum(cell_len(piece.text) for piece in group)
        if lines[-1] and cells + len(_GAP) <= left:
            lines[-1] += [Piece(_GAP), *group]
            left -= cells + len(_GAP)
        else:
            parts = json_text.wrap(group, width)
            lines += parts if lines[-1] else []
            if not lines[0]:
                lines[:1] = parts
            left = width - sum(cell_len(piece.text) for piece in parts[-1])
    return lines
