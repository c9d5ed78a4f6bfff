"""Encodes the fields of records in Protobuf, so that Flink reads what the columns hold.

What is null is not written. A number or a text that is not there is 0 or empty when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass

from pipeline.sources import Source
from pipeline.sources.paths import Path
from pipeline.sources.written_fields import WrittenFields

from .message import fields_of, message_of

_SECOND: Final = 1_000
_NANOS: Final = 1_000_000
_UNSIGNED: Final = {FieldDescriptor.CPPTYPE_UINT32: 2**32, FieldDescriptor.CPPTYPE_UINT64: 2**64}


class ProtobufEncoder:
    """Encodes the values of a source's records.

    Attributes:
        fields: The fields of the records.

    Args:
        source: The source.

    Raises:
        InputError: Its .proto file cannot be compiled, or its columns do not fit the message.
    """

    def __init__(self, source: Source) -> None:
        self._message = GetMessageClass(message_of(source))
        written = fields_of(source)
        self._writers = {
            name: _writer(source.record_paths[name], field) for name, field in written.items()
        }
        enums = {name: field.enum_type for name, field in written.items() if field.enum_type}
        self.fields = WrittenFields(
            source.written,
            source.required,
            {name: tuple(enum.values_by_name) for name, enum in enums.items()},
        )

    def encode(self, fields: Mapping[str, Any]) -> bytes:
        """Return the value of a record.

        Args:
            fields: The columns; times as numbers or texts, and null as None.
        """
        message: Any = self._message()
        for name, write in self._writers.items():
            if (value := fields[name]) is not None:
                write(message, value)
        written: bytes = message.SerializeToString()
        return written


def _writer(path: Path, field: FieldDescriptor) -> Callable[[Any, Any], None]:
    """Return what writes the value of a column into a message."""
    *outside, last = path
    if field.message_type is not None:
        return lambda message, value: _write_time(_inside(message, path), value)

    def write(message: Any, value: Any) -> None:
        inside, stored = _inside(message, tuple(outside)), _stored(field, value)
        if isinstance(last, str):
            setattr(inside, last, stored)
            return
        inside.extend([type(stored)()] * (last + 1 - len(inside)))
        inside[last] = stored

    return write


def _inside(message: Any, path: Path) -> Any:
    """Return what is at a path, with all the elements of arrays before it."""
    for step in path:
        if isinstance(step, str):
            message = getattr(message, step)
            continue
        while len(message) <= step:
            message.add()
        message = message[step]
    return message


def _write_time(timestamp: Any, milliseconds: int) -> None:
    timestamp.seconds, rest = divmod(milliseconds, _SECOND)
    timestamp.nanos = rest * _NANOS


def _stored(field: FieldDescriptor, value: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values_by_name[value].number
    most = _UNSIGNED.get(field.cpp_type)
    return value if most is None else value % most
