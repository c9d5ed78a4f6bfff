"""The formats in which the records of a stream can be written."""

from __future__ import annotations

from typing import Final

JSON: Final = "json"
CSV: Final = "csv"
"""One line of CSV without a header: the order of the declared columns is that of its fields."""
AVRO: Final = "avro"
"""Avro without anything in front of it: the declaration of the stream is its schema."""
AVRO_CONFLUENT: Final = "avro-confluent"
"""Avro that begins with the id of its schema in a registry."""

PROTOBUF: Final = "protobuf"
"""Protobuf without anything in front of it: the declaration of the stream names its message."""

FORMATS: Final = (JSON, CSV, AVRO, AVRO_CONFLUENT, PROTOBUF)
TEXTS: Final = (JSON, CSV)
"""Those that people can read as they are."""
WITH_PATHS: Final = (JSON, PROTOBUF, AVRO_CONFLUENT)
"""Those whose columns may be inside of objects and arrays."""
BY_ORDER: Final = (CSV, AVRO)
"""Those whose records do not name their fields."""
SEPARATORS: Final = (",", ";", "|", "\t")
"""The characters that can be between the fields of a record in CSV."""
PROTOBUF_CONFLUENT: Final = "protobuf-confluent"
"""Protobuf that begins with the id of its schema in a registry; Flink has no such format."""
NO_PROTOBUF_CONFLUENT: Final = (
    "Flink cannot read Protobuf that begins with the id of its schema (FLINK-34440)"
)
