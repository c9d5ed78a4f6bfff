"""Records that are JSON objects."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import msgspec

from pipeline.errors import InputError
from pipeline.formats.decoder import Decoder
from pipeline.formats.json.decoder import JsonDecoder
from pipeline.kafka.records import Record
from pipeline.sources import Source
from pipeline.sources.formats import JSON
from pipeline.text.malformed import MALFORMED

from .fields import Field, fields_of
from .flattened import Columns
from .written import Decoded, framed, none_of

_OBJECT_CONTAINER = b"Obj\x01"
"""The first bytes of an Avro object container file."""


class JsonRecords:
    """JSON objects, each of which names its fields.

    Args:
        name: Name of the topic or the file.
        one: What a record is called.
    """

    format = JSON
    named = True
    arguments: Mapping[str, str] = {}
    said: Sequence[str] = ()
    never_required: Collection[str] = ()
    never_time: Collection[str] = ()

    def __init__(self, name: str, one: str) -> None:
        self._name = name
        self._one = one

    def decoded(self, records: Sequence[Record]) -> tuple[Decoded, Columns]:
        found = [(record, row) for record in records if (row := json_object(record)) is not None]
        columns = Columns.of([row for _, row in found])
        if not columns.as_they_are:
            found = [(record, columns.values(row)) for record, row in found]
        return found, columns

    def fields(self, decoded: Decoded, columns: Columns) -> list[Field]:
        return fields_of([row for _, row in decoded])

    def declared(self) -> Mapping[str, Any]:
        return {}

    def require(self, found: Source) -> None:
        pass

    def decoder(self, found: Source) -> Decoder:
        return JsonDecoder(found)

    def undecoded(self, records: Sequence[Record]) -> InputError:
        subject, verb = none_of(self._name, self._one, len(records))
        value = next((record.value for record in reversed(records) if record.value), b"")
        if value.startswith(_OBJECT_CONTAINER):
            return InputError(
                f"{subject} {verb} a JSON object; the last one is a whole Avro file with its "
                "schema, which Flink has no format for.",
                "Let the producer write each record by itself, with the id of its schema in a "
                "registry.",
            )
        if framed(records):
            return InputError(
                f"{subject} {verb} a JSON object.",
                "A zero byte at the beginning is that of Avro: set url in the profile's table "
                "kafka.registry, where the schema is; or name it: "
                f"fraudwatch inspect {self._name} --schema FILE.avsc.",
            )
        return InputError(
            f"{subject} {verb} a JSON object or a line of CSV.",
            "Avro and Protobuf do not name their fields; name the schema by which the records are "
            f"written: fraudwatch inspect {self._name} --schema FILE.avsc or FILE.proto.",
        )


def json_object(record: Record) -> dict[str, Any] | None:
    """Return the fields of a record; None if it is not a JSON object."""
    try:
        found = msgspec.json.decode(record.value or b"null")
    except MALFORMED:
        return None
    return found if isinstance(found, dict) else None
