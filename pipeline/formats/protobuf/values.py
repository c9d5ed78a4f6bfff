"""Protobuf values that refer to a schema registry, as people read them.

Such a value begins with a zero byte, four bytes of the id of its schema, and the place of its
message in there: the index of a message, of one inside of it, and so on. Sources: confluent-kafka
2.16, `SchemaId`; Protobuf, "ProtoJSON Format".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from typing import Any, Final

from confluent_kafka.schema_registry.common.protobuf import protobuf_to_decimal
from confluent_kafka.schema_registry.serde import SchemaId
from google.protobuf import json_format
from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from pipeline.formats.undecodable import UndecodableError

AnyField = Any
"""A field's descriptor, of which the library has several classes."""

_MOST_HEAD: Final = 512
"""Bytes in which the place of a message has to be, since longer numbers take ever more time."""
_MOST_DIGITS: Final = 512
"""Bytes of a decimal, for the same reason."""
_DECIMAL: Final = "confluent.type.Decimal"
_KNOWN: Final = frozenset(
    f"google.protobuf.{name}"
    for name in ("Any", "Duration", "FieldMask", "ListValue", "Struct", "Timestamp", "Value")
)
"""Messages that are something else than an object in JSON, besides wrappers."""
_WRAPPERS: Final = "google/protobuf/wrappers.proto"


def reader(files: FileDescriptorSet) -> Callable[[bytes], Mapping[str, Any]]:
    """Return what reads the fields of a value; it raises whatever the bytes lead the libraries to.

    Fields have the names of the schema. Those that are not in the value have their default, unless
    the schema tells absent fields from others: then they are left out. Enums are texts.

    Args:
        files: The schema with the files that it imports; it is the last one.

    Raises:
        UndecodableError: The files do not belong together; the text is the end of a sentence.
    """
    pool = DescriptorPool()
    try:
        for file in files.file:
            pool.AddSerializedFile(file.SerializeToString())
        schema = pool.FindFileByName(files.file[-1].name)
    except (TypeError, KeyError) as error:
        raise UndecodableError("has files that do not belong together") from error
    values = _Values(pool)

    def read(value: bytes) -> Mapping[str, Any]:
        head, place = BytesIO(value[:_MOST_HEAD]), SchemaId("PROTOBUF")
        place.from_bytes(head)
        message = GetMessageClass(_message(schema, place.message_indexes or ()))()
        message.ParseFromString(value[head.tell() :])
        return values.fields(message)

    return read


def message_reader(message: Descriptor) -> Callable[[bytes], Mapping[str, Any]]:
    """Return what reads values without the id of a schema.

    It raises UndecodableError if it cannot.

    Args:
        message: The message that each value is.
    """
    kind, values = GetMessageClass(message), _Values(message.file.pool)

    def read(value: bytes) -> Mapping[str, Any]:
        made = kind()
        try:
            made.ParseFromString(value)
            return values.fields(made)
        except Exception as error:  # The library raises whatever the bytes lead it to.
            raise UndecodableError(f"it is no {message.full_name}") from error

    return read


def _message(schema: FileDescriptor, indexes: Sequence[int]) -> Descriptor:
    first, *others = indexes
    found = list(schema.message_types_by_name.values())[_counted(first)]
    for index in others:
        found = found.nested_types[_counted(index)]
    return found


def _counted(index: int) -> int:
    if index < 0:
        raise IndexError
    return index


class _Values:
    """Turns messages into what JSON has."""

    def __init__(self, pool: DescriptorPool) -> None:
        self._pool = pool

    def fields(self, message: Message) -> dict[str, Any]:
        there = {field.number: value for field, value in message.ListFields()}
        return {
            field.name: self._value(field, there.get(field.number, field.default_value))
            for field in message.DESCRIPTOR.fields
            if field.number in there or not field.has_presence
        }

    def _value(self, field: AnyField, value: Any) -> Any:
        kind = field.message_type
        if kind is not None and kind.GetOptions().map_entry:
            inside = kind.fields_by_name["value"]
            return {_key(key): self._one(inside, each) for key, each in dict(value).items()}
        if isinstance(value, Message | str | bytes) or not isinstance(value, Sequence):
            return self._one(field, value)
        return [self._one(field, each) for each in value]

    def _one(self, field: AnyField, value: Any) -> Any:
        if isinstance(value, Message):
            return self._message(value)
        if field.enum_type is not None and value in field.enum_type.values_by_number:
            return field.enum_type.values_by_number[value].name
        return value

    def _message(self, message: Any) -> Any:
        kind = message.DESCRIPTOR
        try:
            if kind.file.name == _WRAPPERS:
                return message.value
            if kind.full_name == _DECIMAL and len(message.value) <= _MOST_DIGITS:
                return protobuf_to_decimal(message)
            if kind.full_name in _KNOWN:
                return json_format.MessageToDict(
                    message, preserving_proto_field_name=True, descriptor_pool=self._pool
                )
        except Exception:  # A time in no year, or a message of that name with other fields.
            pass
        return self.fields(message)


def _key(key: object) -> str:
    return str(key).lower() if isinstance(key, bool) else str(key)
