"""At which line of a .proto file a message or a field is declared."""

from __future__ import annotations

from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
)

from pipeline.text.sanitise import sanitised

_MESSAGE: Final = FileDescriptorProto.MESSAGE_TYPE_FIELD_NUMBER
_SYNTAX: Final = FileDescriptorProto.SYNTAX_FIELD_NUMBER
_NESTED: Final = DescriptorProto.NESTED_TYPE_FIELD_NUMBER
_FIELD: Final = DescriptorProto.FIELD_FIELD_NUMBER


def line_of(files: FileDescriptorSet, part: Descriptor | FieldDescriptor) -> str:
    """Return the file and line of a message or a field: `payment.proto:7`.

    Args:
        files: The files, with what protoc knows of their sources.
        part: The message, or a field of a message.
    """
    message, inside = (
        (part.containing_type, (_FIELD, part.index))
        if isinstance(part, FieldDescriptor)
        else (part, ())
    )
    assert message is not None
    (file,) = (each for each in files.file if each.name == message.file.name)
    return _line(file, (*_place(message), *inside))


def line_of_syntax(file: FileDescriptorProto) -> str:
    """Return the file and line of its syntax, which is the first line without one."""
    return _line(file, (_SYNTAX,))


def _line(file: FileDescriptorProto, place: tuple[int, ...]) -> str:
    found = (each.span[0] for each in file.source_code_info.location if tuple(each.path) == place)
    return f"{sanitised(file.name)}:{next(found, 0) + 1}"


def _place(message: Descriptor) -> tuple[int, ...]:
    """Where a message is in the descriptor of its file."""
    parent = message.containing_type
    if parent is None:
        return (_MESSAGE, list(message.file.message_types_by_name).index(message.name))
    beside = [each.name for each in parent.nested_types]
    return (*_place(parent), _NESTED, beside.index(message.name))
