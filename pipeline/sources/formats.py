"""The formats in which the records of a stream can be written."""

from __future__ import annotations

from typing import Final

JSON: Final = "json"
AVRO: Final = "avro"
"""Avro without anything in front of it: the declaration of the stream is its schema."""
AVRO_CONFLUENT: Final = "avro-confluent"
"""Avro that begins with the id of its schema in a registry."""

FORMATS: Final = (JSON, AVRO, AVRO_CONFLUENT)
COMING: Final = ("protobuf", "csv")
