"""Recognises how the records of a topic are written."""

from __future__ import annotations

from typing import Final

from pipeline.errors import ConfigError

from .csv_lines import CsvLines, layout_of
from .json_records import JsonRecords, json_object
from .looked_at import Rows
from .registry_avro import RegistryAvro
from .written import Told, Written, framed

_PROTO: Final = ".proto"


def recognised(looked_at: Rows, name: str, told: Told) -> Written:
    """Return how records are written: as they are told to be, or as most of them look.

    Args:
        looked_at: The rows, of which there are some.
        name: Name of the topic or the file.
        told: What the records do not say of themselves.

    Raises:
        InputError: They are not what they are told to be.
    """
    records = looked_at.records
    if told.schema is not None:
        if told.schema.suffix == _PROTO:
            from .protobuf_records import ProtobufRecords

            return ProtobufRecords(name, told.schema, told.message)
        from .plain_avro_records import PlainAvroRecords

        return PlainAvroRecords(name, told.schema)
    if told.message:
        raise ConfigError("--message names a message of a .proto file.", "Add --schema FILE.proto.")
    if looked_at.schemas is not None and len(framed(records)) > len(records) / 2:
        return RegistryAvro(name, looked_at.schemas)
    is_json = any(json_object(record) is not None for record in records)
    if looked_at.file is None and not is_json:
        layout = layout_of(records, told=bool(told.columns))
        if layout is not None:
            return CsvLines(name, records, layout, told.columns)
    if told.columns:
        raise ConfigError(
            f"--columns names the fields of records in CSV, and those of {name} are no CSV.",
            "Leave it out.",
        )
    return JsonRecords(name, looked_at.one)
