"""Avro values without the id of a schema, which say nothing of their fields themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import BytesIO
from typing import Any, cast

import fastavro

from pipeline.formats.undecodable import UndecodableError


def reader(schema: Mapping[str, Any]) -> Callable[[bytes], Mapping[str, Any]]:
    """Return what reads the fields of a value, and raises UndecodableError if it cannot.

    Args:
        schema: With which the values were written, as parsed JSON.
    """
    parsed = fastavro.parse_schema(dict(schema))

    def read(value: bytes) -> Mapping[str, Any]:
        try:
            return cast(Mapping[str, Any], fastavro.schemaless_reader(BytesIO(value), parsed))
        except Exception as error:  # The library raises whatever the bytes lead it to.
            raise UndecodableError("it is not what the columns say, in their order") from error

    return read


def writer(schema: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], bytes]:
    """Return what makes a value of its fields.

    Args:
        schema: With which the values are written, as parsed JSON.
    """
    parsed = fastavro.parse_schema(dict(schema))

    def write(fields: Mapping[str, Any]) -> bytes:
        value = BytesIO()
        fastavro.schemaless_writer(value, parsed, fields)
        return value.getvalue()

    return write
