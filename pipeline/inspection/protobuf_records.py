"""Records in Protobuf, by the message of a .proto file that is named."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from google.protobuf.descriptor import Descriptor
from google.protobuf.message_factory import GetMessageClass

from pipeline.errors import InputError
from pipeline.formats.decoder import Decoder
from pipeline.formats.protobuf.decoder import ProtobufDecoder, reader
from pipeline.formats.protobuf.message import (
    column_type,
    is_found_in_java,
    is_repeated,
    messages_in,
)
from pipeline.formats.protobuf.wire import read_as_java
from pipeline.kafka.records import Record
from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import TIME
from pipeline.sources.formats import NO_PROTOBUF_CONFLUENT, PROTOBUF
from pipeline.sources.paths import Path as Steps
from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .fields import Field, distinct, epoch, written_as
from .flattened import Columns
from .written import Decoded, framed, none_of

_LONG: Final = "int64"


class ProtobufRecords:
    """Records that are a message.

    Args:
        name: Name of the topic.
        file: The .proto file.
        message: Full name of the message; empty for the only one of the file.

    Raises:
        InputError: The file cannot be compiled, or it is not clear which message is meant.
    """

    format = PROTOBUF
    named = True
    said: Sequence[str] = ()
    never_time: Collection[str] = ()

    def __init__(self, name: str, file: Path, message: str) -> None:
        self._name = name
        self._file = file
        self._message = _chosen(file, message)
        self._class = GetMessageClass(self._message)
        self._types: dict[Steps, str] = dict(_leaves(self._message, (), ()))
        self.arguments: Mapping[str, str] = {
            "message": self._message.full_name,
            "proto": str(file),
        }
        self._columns = Columns.at(list(self._types))
        self._readers = {
            self._columns.names[path]: reader(path, dtype, TimeFormat.SQL)
            for path, dtype in self._types.items()
            if dtype
        }
        # Only a message may be absent; a number or a text that is has its default.
        self.never_required: Collection[str] = [
            self._columns.names[path]
            for path, dtype in self._types.items()
            if len(path) == 1 and dtype != TIME
        ]

    def decoded(self, records: Sequence[Record]) -> tuple[Decoded, Columns]:
        found = [
            (record, row)
            for record in records
            if record.value is not None and (row := self._row(record.value)) is not None
        ]
        return found, self._columns

    def fields(self, decoded: Decoded, columns: Columns) -> list[Field]:
        rows = [row for _, row in decoded]
        return [_field(columns.names[path], dtype, rows) for path, dtype in self._types.items()]

    def declared(self) -> Mapping[str, Any]:
        return {"message": self._message.full_name, "proto": self._file.absolute()}

    def require(self, found: Source) -> None:
        pass

    def decoder(self, found: Source) -> Decoder:
        return ProtobufDecoder(found)

    def undecoded(self, records: Sequence[Record]) -> InputError:
        subject, verb = none_of(self._name, "record", len(records))
        said = f"{subject} {verb} a {self._message.full_name}"
        if framed(records):
            return InputError(
                f"{said}; they begin with a zero byte, as records with the id of their schema in a "
                "registry do.",
                f"{NO_PROTOBUF_CONFLUENT}: let the producer write the message alone.",
            )
        return InputError(f"{said}.", "Name the message that the producer writes, with --message.")

    def _row(self, value: bytes) -> dict[str, Any] | None:
        message = self._class()
        try:
            read_as_java(message, value)
        except Exception:  # Parsers of Protobuf raise what they like.
            return None
        return {name: read(message) for name, read in self._readers.items()}


def _chosen(file: Path, wanted: str) -> Descriptor:
    messages = messages_in(file)
    if not wanted and len(messages) == 1:
        return messages[0]
    found = [each for each in messages if wanted in (each.full_name, each.name)]
    if wanted and found:
        return found[0]
    names = ", ".join(each.full_name for each in messages) or "no message"
    said = (
        f"has no message {sanitised(wanted)}"
        if wanted
        else f"has {counted(len(messages), 'message')}"
    )
    raise InputError(f"{file} {said}.", f"Name one with --message: {names}.")


def _leaves(
    message: Descriptor, path: Steps, outside: Sequence[str]
) -> Iterator[tuple[Steps, str]]:
    """The fields that can be columns, and the others without a type.

    Args:
        message: A message.
        path: Where it is.
        outside: The messages that it is inside of, since one may be inside of itself.
    """
    around = (*outside, message.full_name)
    for field in message.fields:
        here, inside = (*path, field.name), field.message_type
        single = is_found_in_java(field) and not is_repeated(field)
        dtype = column_type(field) if single else ""
        if inside is None or not single or dtype or inside.full_name in around:
            yield here, dtype
        else:
            yield from _leaves(inside, here, around)


def _field(name: str, dtype: str, rows: Sequence[Mapping[str, Any]]) -> Field:
    values = [value for row in rows if (value := row.get(name)) is not None]
    if not dtype:
        return Field(name, len(rows), len(values), 0, "", note="its type cannot be a column")
    time_format = None
    if dtype == TIME:
        time_format = TimeFormat.SQL
    elif dtype == _LONG and values:
        time_format = epoch(values)
    elif dtype == "string" and values:
        time_format = written_as(values)
        time_format = None if time_format is TimeFormat.SQL else time_format
    return Field(name, len(rows), len(values), distinct(values), dtype, time_format)
