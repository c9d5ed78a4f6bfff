"""Decodes records that are written in Protobuf as Flink does, and says which ones it leaves out.

Flink's format knows no absent numbers and texts, not even where the message tells them apart: they
are 0, false and empty. A message that is absent is null, and so is an array without elements.
Sources: Flink 2.3, `PbRowDataDeserializationSchema`, verified value by value.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from pipeline.formats import event_times
from pipeline.formats.json.flink_json import row_type
from pipeline.formats.kinds import Fault, Kind
from pipeline.sources import Source, TimeFormat
from pipeline.sources.paths import Path

from .message import TIMESTAMP, is_repeated, message_of
from .wire import read_as_java

_UNKNOWN: Final = "UNRECOGNIZED"
"""What Java calls a value that an enum does not have."""
_NANOS: Final = 1_000_000


class ProtobufDecoder:
    """Decodes Protobuf as Flink's format `protobuf` does.

    Args:
        source: The source.

    Raises:
        InputError: Its .proto file cannot be compiled, or its columns do not fit the message.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._message = GetMessageClass(message_of(source))
        self._row_of = row_type(source.columns, source.time_format)
        self._readers = {
            name: reader(path, source.columns[name], source.time_format)
            for name, path in source.record_paths.items()
        }

    def usual(self, value: bytes | None) -> Any:
        """Return the row of a value; None if there is none. An empty one is a message, too."""
        row = None if value is None else self.closely(value)
        return None if isinstance(row, tuple) else row

    def closely(self, value: bytes) -> Any | Fault:
        """Return the row of a value, or why there is none, or none without nulls where required.

        Args:
            value: The record's value.
        """
        message = self._message()
        try:
            read_as_java(message, value)
        except Exception:  # Parsers of Protobuf raise what they like.
            return Kind.NOT_PROTOBUF, f"it is no {self.source.message}"
        row = {name: read(message) for name, read in self._readers.items()}
        for name in self.source.required:
            if row[name] is None:
                if _at(message, self.source.record_paths[name]) is None:
                    return Kind.MISSING, f"{name} is missing"
                return Kind.WRONG_TYPE, f"{name} is no time of the years 1 to 9999"
        return self._row_of(**row)


def reader(path: Path, dtype: str, written: TimeFormat) -> Callable[[Message], Any]:
    """Return what reads the value of a column of a message, as Flink does; None if there is none.

    Args:
        path: Where it is in the message.
        dtype: The column's Ibis type.
        written: How its times are written.
    """
    if not dtype.startswith("timestamp"):
        return lambda message: _at(message, path)
    if written is TimeFormat.SQL:
        return lambda message: _time(_at(message, path))
    parse = event_times.reader(written)
    return lambda message: parse(_at(message, path))


def _at(message: Message, path: Path) -> Any:
    """Return what is at a path; None if nothing is."""
    value: Any = message
    field: FieldDescriptor | None = None
    for step in path:
        if value is None:
            return None
        if isinstance(step, int):
            value = value[step] if step < len(value) else None
            continue
        field = value.DESCRIPTOR.fields_by_name[step]
        absent = field.message_type is not None and not is_repeated(field)
        value = None if absent and not value.HasField(step) else getattr(value, step)
    return value if field is None or value is None else _scalar(field, value)


def _scalar(field: FieldDescriptor, value: Any) -> Any:
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return _UNKNOWN if known is None else known.name
    if field.cpp_type == FieldDescriptor.CPPTYPE_UINT32:
        return _signed(value, 32)
    if field.cpp_type == FieldDescriptor.CPPTYPE_UINT64:
        return _signed(value, 64)
    return value


def _signed(number: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (number + half) % (half << 1) - half


def _time(value: Any) -> datetime | None:
    """Return the time of a timestamp as the SQL of `source_table` computes it."""
    if value is None:
        return None
    assert value.DESCRIPTOR.full_name == TIMESTAMP
    # Java's numbers overflow, and its division cuts off towards zero.
    milliseconds = abs(value.nanos) // _NANOS * (-1 if value.nanos < 0 else 1)
    since = _signed(_signed(value.seconds * 1_000, 64) + milliseconds, 64)
    return event_times.reader(TimeFormat.EPOCH_MS)(since)
