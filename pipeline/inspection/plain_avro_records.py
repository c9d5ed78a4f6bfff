"""Records in Avro without the id of a schema, by the schema that is named."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro

from pipeline.errors import InputError
from pipeline.formats.avro.columns import as_stored, may_be_null, schema
from pipeline.formats.avro.decoder import AvroDecoder
from pipeline.formats.decoder import Decoder
from pipeline.kafka.records import Record
from pipeline.sources import Source
from pipeline.sources.formats import AVRO
from pipeline.sources.paths import Path as Steps
from pipeline.text.sanitise import sanitised

from .avro_fields import fields_of_types
from .fields import Field
from .flattened import Columns
from .written import Decoded, framed, none_of

_MOST_SAID = 200
_HEAD = 5


class PlainAvroRecords:
    """Records whose fields are those of a schema, in its order.

    Args:
        name: Name of the topic.
        file: The schema, as JSON.

    Raises:
        InputError: It cannot be read, or is not the schema of a record.
    """

    format = AVRO
    named = True
    arguments: Mapping[str, str] = {}

    def __init__(self, name: str, file: Path) -> None:
        self._name = name
        self._file = file
        self._schema = _schema_in(file)
        self._parsed = fastavro.parse_schema(self._schema)
        self._types: dict[Steps, Any] = {
            (field["name"],): field["type"] for field in self._schema["fields"]
        }
        self.never_required: Collection[str] = [
            field["name"] for field in self._schema["fields"] if may_be_null(field["type"])
        ]
        # The time is never null, so a union would not be its type.
        self.never_time: Collection[str] = self.never_required
        self.said: Sequence[str] = (
            f"The columns are the fields of {file.name} in their order: records in Avro without a "
            "registry do not tell.",
        )

    def decoded(self, records: Sequence[Record]) -> tuple[Decoded, Columns]:
        found = [
            (record, row)
            for record in records
            if (row := self._row(record.value or b"")) is not None
        ]
        return found, Columns.at(list(self._types))

    def fields(self, decoded: Decoded, columns: Columns) -> list[Field]:
        return fields_of_types(self._types, columns, [row for _, row in decoded])

    def declared(self) -> Mapping[str, Any]:
        return {}

    def require(self, found: Source) -> None:
        """Return if Flink's schema of the source's table is the one of the records.

        Flink takes no other for records without the id of a schema.
        """
        ours = {field["name"]: as_stored(field["type"]) for field in schema(found)["fields"]}
        for field in self._schema["fields"]:
            name = field["name"]
            if name in ours and _bare(field["type"]) == _bare(ours[name]):
                continue
            raise InputError(
                f"No source can read {self._file.name} without a registry: its field "
                f"{sanitised(name)} is {_called(field['type'])}, and Flink reads {_READ}.",
                "Let the producer write the id of the schema in front of each record, as "
                "serializers for a schema registry do.",
            )

    def decoder(self, found: Source) -> Decoder:
        return AvroDecoder(found, None)

    def undecoded(self, records: Sequence[Record]) -> InputError:
        subject, verb = none_of(self._name, "record", len(records))
        values = [record.value[_HEAD:] for record in framed(records) if record.value]
        if any(self._row(value) is not None for value in values):
            return InputError(
                f"{subject} {verb} written by {self._file.name} alone: they begin with the id of "
                "their schema in a registry.",
                "Set url in the profile's table kafka.registry, and leave --schema out.",
            )
        return InputError(
            f"{subject} {verb} written by {self._file.name}.",
            "Name the schema with which the producer writes, in its version.",
        )

    def _row(self, value: bytes) -> dict[str, Any] | None:
        data = BytesIO(value)
        try:
            found = fastavro.schemaless_reader(data, self._parsed)
        except Exception:  # The library raises whatever the bytes lead it to.
            return None
        # Bytes of another schema may happen to be a record of this one, and some more.
        return found if isinstance(found, dict) and data.tell() == len(value) else None


_READ = (
    "fields of numbers, texts, truth values, times in milliseconds, dates and decimals in bytes, "
    'and of those the union ["null", type]'
)


def _schema_in(file: Path) -> dict[str, Any]:
    import json

    try:
        written = json.loads(file.read_bytes())
        parsed = fastavro.parse_schema(written)
    except OSError as error:
        raise InputError(f"There is no file {file}.", "--schema is an .avsc or .proto file.") from (
            error
        )
    except Exception as error:  # The library raises whatever is in the file.
        said = sanitised(str(error))[:_MOST_SAID]
        raise InputError(f"{file} is no schema of Avro ({said}).", "Correct the file.") from error
    if not isinstance(parsed, dict) or parsed.get("type") != "record":
        raise InputError(f"{file} is not the schema of a record.", "Name that of the records.")
    return dict(written)


def _bare(written: Any) -> Any:
    """A type without its name, its logical type and what else says nothing of its bytes."""
    if isinstance(written, list):
        return [_bare(branch) for branch in written]
    if not isinstance(written, Mapping):
        return "bytes" if written == "string" else written
    return _bare(written["type"])


def _called(written: Any) -> str:
    import json

    return sanitised(json.dumps(written))[:_MOST_SAID]
