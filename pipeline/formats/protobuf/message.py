"""The message that the records of a source in Protobuf hold, and where its columns are in there.

Sources: Flink 2.3, `PbSchemaValidationUtils` and `PbFormatUtils`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from google.protobuf.descriptor import Descriptor, FieldDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from pipeline.errors import InputError
from pipeline.formats.undecodable import UndecodableError
from pipeline.sources import Source
from pipeline.sources.column_types import TIME
from pipeline.sources.paths import Path as Steps
from pipeline.sources.paths import written_path
from pipeline.text.sanitise import sanitised

from .compiler import compiled_file
from .lines import line_of, line_of_syntax

TIMESTAMP: Final = "google.protobuf.Timestamp"
_JAVA_PACKAGE: Final = "fraudwatch.protobuf"
OF_GOOGLE: Final = "google/protobuf/"
"""Files whose classes the library itself has."""
_CLASS: Final = "class"
"""Of a field of this name, Flink reads the class of the message."""
_WRITTEN: Final[Mapping[int, str]] = {
    FieldDescriptor.CPPTYPE_BOOL: "boolean",
    FieldDescriptor.CPPTYPE_DOUBLE: "float64",
    FieldDescriptor.CPPTYPE_ENUM: "string",
    FieldDescriptor.CPPTYPE_FLOAT: "float32",
    FieldDescriptor.CPPTYPE_INT32: "int32",
    FieldDescriptor.CPPTYPE_INT64: "int64",
    FieldDescriptor.CPPTYPE_STRING: "string",
    FieldDescriptor.CPPTYPE_UINT32: "int32",
    FieldDescriptor.CPPTYPE_UINT64: "int64",
}
"""The type that Flink reads of each type."""


@cache
def _compiled(path: str) -> FileDescriptorSet:
    try:
        return compiled_file(Path(path))
    except UndecodableError as error:
        raise InputError(f"{path} {error}.", "Correct the file.") from error


def files_of(source: Source) -> FileDescriptorSet:
    """Return the source's .proto file, behind those that it imports.

    Raises:
        InputError: It cannot be compiled.
    """
    return _compiled(source.proto)


def messages_in(file: Path) -> list[Descriptor]:
    """Return the messages of a .proto file that are not inside of others.

    Raises:
        InputError: It cannot be compiled.
    """
    files = _compiled(str(file.absolute()))
    found = _pool(files).FindFileByName(files.file[-1].name)
    return list(found.message_types_by_name.values())


def declared_message(source: Source) -> Descriptor:
    """Return the message that a source's records hold.

    Raises:
        InputError: There is no such message.
    """
    files = files_of(source)
    return _found(_pool(files), source, files.file[-1].name)


def _pool(files: FileDescriptorSet) -> DescriptorPool:
    pool = DescriptorPool()
    for file in files.file:
        pool.AddSerializedFile(file.SerializeToString())
    return pool


def message_of(source: Source) -> Descriptor:
    """Return the message that a source's records hold, which has a field for each column.

    Raises:
        InputError: There is no such message, or a column does not fit it.
    """
    at, files = f"source {source.topic!r}", files_of(source)
    message = declared_message(source)
    others = {file.name: file for file in files.file if file.syntax != "proto3"}
    for name, path in source.record_paths.items():
        fields = _fields(message, path)
        dtype = source.written[name]
        shown = sanitised(written_path(path))
        if fields is None:
            raise InputError(
                f"{at}: {sanitised(source.message)} has no {shown} for column {name!r} "
                f"({line_of(files, message)}).",
                f"It has {', '.join(field.name for field in message.fields)}.",
            )
        for field in fields:
            if (file := others.get(_file(field))) is not None:
                raise InputError(
                    f"{at}: {line_of_syntax(file)} is no proto3, whose defaults Flink reads.",
                    'Write it with syntax = "proto3".',
                )
            if (other := _same_in_java(field)) is not None:
                raise InputError(
                    f"{at}: {field.name} and {other.name} have one name in Java "
                    f"({line_of(files, field)}), so Flink finds none of them for column {name!r}.",
                    "Rename one of them in the .proto file: records hold numbers, not names.",
                )
        written = column_type(fields[-1])
        if written != dtype:
            what = f"is written as {written}" if written else "cannot be a column"
            raise InputError(
                f"{at}: column {name!r} is read as {dtype}, but {shown} {what} "
                f"({line_of(files, fields[-1])}).",
                "Flink's format for Protobuf converts nothing; docs/writing-a-source.md has the "
                "types.",
            )
    return message


def fields_of(source: Source) -> dict[str, FieldDescriptor]:
    """Return the field of each column; that of an element is the array.

    Raises:
        InputError: There is no such message, or a column does not fit it.
    """
    message = message_of(source)
    found = {name: _fields(message, path) for name, path in source.record_paths.items()}
    return {name: fields[-1] for name, fields in found.items() if fields}


def java_class(message: Descriptor) -> str:
    """Return the name of the class of a message among those of `for_java`."""
    inside = message.full_name.removeprefix(f"{message.file.package}.").replace(".", "$")
    return f"{_package(message.file.name)}.{inside}"


def for_java(files: FileDescriptorSet) -> FileDescriptorSet:
    """Return the files with packages of Java that no other classes have.

    Flink then finds the class of a message whatever the files themselves say.
    """
    renamed = FileDescriptorSet.FromString(files.SerializeToString())
    for file in renamed.file:
        file.ClearField("source_code_info")
        if not file.name.startswith(OF_GOOGLE):
            file.options.java_package = _package(file.name)
            file.options.java_multiple_files = True
            file.options.java_outer_classname = "FraudwatchFile"
    return renamed


def _package(file: str) -> str:
    return f"{_JAVA_PACKAGE}.of{sha256(file.encode()).hexdigest()[:12]}"


def _found(pool: DescriptorPool, source: Source, file: str) -> Descriptor:
    try:
        return pool.FindMessageTypeByName(source.message)
    except KeyError:
        names = ", ".join(pool.FindFileByName(file).message_types_by_name) or "no message"
        raise InputError(
            f"source {source.topic!r}: there is no message {sanitised(source.message)!r} in "
            f"{source.proto}.",
            f"Write its name with its package; the file has {names}.",
        ) from None


def _fields(message: Descriptor, path: Steps) -> list[FieldDescriptor] | None:
    """Return the fields on the way; None if there are none."""
    found: list[FieldDescriptor] = []
    inside: Descriptor | None = message
    for step, after in zip(path, (*path[1:], ""), strict=True):
        if isinstance(step, int):
            continue
        field = None if inside is None or step == _CLASS else inside.fields_by_name.get(step)
        if field is None or is_repeated(field) != isinstance(after, int) or _is_map(field):
            return None
        found.append(field)
        inside = field.message_type
    return found


def _file(field: FieldDescriptor) -> str:
    assert field.containing_type is not None
    return field.containing_type.file.name


def _same_in_java(field: FieldDescriptor) -> FieldDescriptor | None:
    """Return another field with a method of the same name; the compiler renames both of them."""
    assert field.containing_type is not None
    names = _java_names(field)
    others = (each for each in field.containing_type.fields if each.number != field.number)
    return next((each for each in others if names & _java_names(each)), None)


def _java_names(field: FieldDescriptor) -> set[str]:
    name = field.camelcase_name
    endings = ("Count", "List") if is_repeated(field) else ("Value",) if field.enum_type else ()
    return {name, *(name + ending for ending in endings)}


def is_repeated(field: FieldDescriptor) -> bool:
    return isinstance(field.default_value, list)


def _is_map(field: FieldDescriptor) -> bool:
    kind = field.message_type
    return kind is not None and bool(kind.GetOptions().map_entry)


def is_found_in_java(field: FieldDescriptor) -> bool:
    """Whether Flink finds a field by its name in the message's class."""
    return field.name != _CLASS and _same_in_java(field) is None


def column_type(field: FieldDescriptor) -> str:
    """The type that Flink reads of a field; empty if it is none that a column can have."""
    if field.message_type is not None:
        return TIME if field.message_type.full_name == TIMESTAMP else ""
    if field.type == FieldDescriptor.TYPE_BYTES:
        return ""
    return _WRITTEN.get(field.cpp_type, "")
