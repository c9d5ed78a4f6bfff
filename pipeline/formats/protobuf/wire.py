"""Protobuf as Java reads it, where Python's library reads something else.

A number has at most 64 bits, in up to ten bytes. Of a tenth byte, Java takes for granted that it
holds the last bit, and it drops those of a tag or a length beyond 32. Python's library rejects such
a message, or reads another number. No producer writes them, so most values pass at once. Sources:
protobuf-java 4.32, `CodedInputStream`, verified by random bytes; Protobuf, "Encoding".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, cast

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.message import DecodeError, Message

# What Python's library may misread without a word: a number of ten bytes. Texts may look like it.
_TEN_BYTES: Final = re.compile(rb"[\x80-\xff]{9}")
_VARINT, _FIXED64, _BYTES, _START, _END, _FIXED32 = range(6)
_MOST_BYTES: Final = 10
_DEEPEST: Final = 100
_PACKED: Final = frozenset(
    {
        FieldDescriptor.TYPE_BOOL,
        FieldDescriptor.TYPE_ENUM,
        FieldDescriptor.TYPE_INT32,
        FieldDescriptor.TYPE_INT64,
        FieldDescriptor.TYPE_SINT32,
        FieldDescriptor.TYPE_SINT64,
        FieldDescriptor.TYPE_UINT32,
        FieldDescriptor.TYPE_UINT64,
    }
)


def read_as_java(message: Message, value: bytes) -> None:
    """Read a value into an empty message.

    Raises:
        ValueError, DecodeError: It is no such message, for Java either.
    """
    if not _TEN_BYTES.search(value):
        try:
            message.ParseFromString(value)
        except DecodeError:
            message.Clear()
        else:
            return
    message.ParseFromString(as_java_reads(value, cast(Descriptor, message.DESCRIPTOR)))


def as_java_reads(value: bytes, message: Descriptor) -> bytes:
    """Return a value with numbers of which both libraries read the same.

    Raises:
        ValueError: It is no message, for Java either.
    """
    return _message(value, message, _DEEPEST)


def _message(value: bytes, message: Descriptor | None, deepest: int) -> bytes:
    if not deepest:
        raise ValueError("nested too deeply")
    fields = {} if message is None else message.fields_by_number
    out = bytearray()
    at = 0
    while at < len(value):
        tag, at = _read(value, at)
        tag &= 0xFFFFFFFF
        number, kind = tag >> 3, tag & 7
        out += _written(tag)
        if kind == _VARINT:
            found, at = _read(value, at)
            out += _written(found)
        elif kind in (_FIXED32, _FIXED64):
            size = 4 if kind == _FIXED32 else 8
            out += value[at : at + size]
            at += size
        elif kind == _BYTES:
            size, at = _read(value, at)
            size &= 0xFFFFFFFF
            inside = value[at : at + size]
            if len(inside) < size:
                raise ValueError("cut off")
            at += size
            inside = _inside(inside, fields.get(number), deepest - 1)
            out += _written(len(inside)) + inside
        elif kind not in (_START, _END):
            raise ValueError("no such type")
    if at > len(value):
        raise ValueError("cut off")
    return bytes(out)


def _inside(value: bytes, field: FieldDescriptor | None, deepest: int) -> bytes:
    if field is None:
        return value
    if field.message_type is not None:
        return _message(value, field.message_type, deepest)
    if field.type in _PACKED and isinstance(field.default_value, list):
        return b"".join(map(_written, _numbers(value)))
    return value


def _numbers(value: bytes) -> Iterator[int]:
    at = 0
    while at < len(value):
        found, at = _read(value, at)
        yield found


def _read(value: bytes, at: int) -> tuple[int, int]:
    number = 0
    for place in range(_MOST_BYTES):
        if at + place >= len(value):
            raise ValueError("cut off")
        byte = value[at + place]
        number |= (byte & 0x7F) << (7 * place)
        if place == _MOST_BYTES - 1:
            number |= 1 << 63  # Java does not look at what is in it.
        if byte < 0x80:
            return number & 0xFFFFFFFFFFFFFFFF, at + place + 1
    raise ValueError("a number without end")


def _written(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
