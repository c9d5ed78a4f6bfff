"""Records in Avro that begin with the id of their schema in a registry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.errors import InputError
from pipeline.formats.avro.paths import expanded
from pipeline.formats.decoder import Decoder
from pipeline.formats.undecodable import UndecodableError
from pipeline.kafka.records import Record
from pipeline.sources import Source
from pipeline.sources.formats import AVRO_CONFLUENT, NO_PROTOBUF_CONFLUENT
from pipeline.sources.paths import Path

from .avro_fields import fields_of_types, types_in
from .fields import Field
from .flattened import Columns
from .written import Decoded, framed, none_of

if TYPE_CHECKING:  # Takes a third of a second to load.
    from pipeline.formats.schemas import Schemas


class RegistryAvro:
    """Records whose types are those of the newest record's schema.

    Args:
        name: Name of the topic.
        schemas: The registry.
    """

    format = AVRO_CONFLUENT
    named = True
    arguments: Mapping[str, str] = {}
    said: Sequence[str] = ()
    never_required: Collection[str] = ()
    never_time: Collection[str] = ()

    def __init__(self, name: str, schemas: Schemas) -> None:
        self._name = name
        self._schemas = schemas
        self._types: dict[Path, Any] = {}

    def decoded(self, records: Sequence[Record]) -> tuple[Decoded, Columns]:
        found = [(record, row) for record in records if (row := self._row(record)) is not None]
        if not found:
            return [], Columns.at([])
        newest, _ = max(found, key=lambda pair: pair[0].timestamp_ms)
        schema = self._schemas.written_with(newest.value or b"")[1]
        self._types = types_in(expanded(schema))
        columns = Columns.at(list(self._types))
        return [(record, columns.values(row)) for record, row in found], columns

    def fields(self, decoded: Decoded, columns: Columns) -> list[Field]:
        return fields_of_types(self._types, columns, [row for _, row in decoded])

    def declared(self) -> Mapping[str, Any]:
        return {}

    def require(self, found: Source) -> None:
        pass

    def decoder(self, found: Source) -> Decoder:
        from pipeline.formats.avro.decoder import AvroDecoder

        return AvroDecoder(found, self._schemas)

    def undecoded(self, records: Sequence[Record]) -> InputError:
        subject, verb = none_of(self._name, "record", len(records))
        return InputError(
            f"{subject} {verb} a record in Avro; of the last, {self._why(framed(records)[-1])}.",
            f"Features read JSON, CSV, Avro and plain Protobuf; {NO_PROTOBUF_CONFLUENT}.",
        )

    def _row(self, record: Record) -> dict[str, Any] | None:
        try:
            self._schemas.written_with(record.value or b"")
            found = self._schemas.values(record.value or b"")
        except UndecodableError:
            return None
        return found if isinstance(found, dict) else None

    def _why(self, record: Record) -> str:
        """Say why a record cannot be decoded as Avro."""
        try:
            self._schemas.written_with(record.value or b"")
            self._schemas.values(record.value or b"")
        except UndecodableError as error:
            return str(error)
        return "it is Avro, but not a record"
