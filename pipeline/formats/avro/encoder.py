"""Encodes the fields of records in Avro, so that Flink reads what the columns of the source hold.

Numbers, times and dates are given as they are stored, as Flink reads them: it does not look at
logical types. Decimals are converted by the library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.errors import InputError
from pipeline.formats.schemas import Schemas, subject_of
from pipeline.sources import Source
from pipeline.sources.written_fields import WrittenFields

from . import plain_avro
from .columns import holds, schema
from .decoder import require_fit
from .parts import Parts, tree_of
from .paths import expanded, place_of


class AvroEncoder:
    """Encodes the values of a source's records.

    Attributes:
        fields: The fields of the records.

    Args:
        source: The source.
        written: The schema of its records, as parsed JSON.
        encode: Makes a value of all its fields, except those that can be null.

    Raises:
        InputError: The schema has a field without a default that is no column of the source, or
            lacks one of those that the source requires.
    """

    def __init__(
        self, source: Source, written: Mapping[str, Any], encode: Callable[[dict[str, Any]], bytes]
    ) -> None:
        self._encode = encode
        self._topic = source.topic
        whole = expanded(written)
        places = {name: place_of(whole, path) for name, path in source.record_paths.items()}
        there = {name: place for name, place in places.items() if place.type is not None}
        if absent := [name for name in source.required if name not in there]:
            raise InputError(
                f"The schema of {source.topic} has no field {absent[0]}, which the source "
                "requires, so each record would be invalid.",
                "Add the field to the schema, or do not require the column.",
            )
        self._parts = Parts.of(whole, tree_of(source, there), source.topic)
        columns = {name: dtype for name, dtype in source.written.items() if name in there}
        self.fields = WrittenFields(
            {name: holds(there[name].type, dtype) for name, dtype in columns.items()},
            tuple(name for name in columns if not there[name].may_be_null),
        )

    def encode(self, fields: Mapping[str, Any]) -> bytes:
        """Return the value of a record.

        Args:
            fields: The fields of the columns; decimals as such, everything else as it is stored.

        Raises:
            InputError: The library cannot write them.
        """
        try:
            return self._encode(self._parts.filled(fields))
        except Exception as error:  # The library raises whatever the fields lead it to.
            raise InputError(
                f"A record cannot be written with the schema of {self._topic}: {error}.",
                "Correct the default or the rule in the schema that is named there.",
            ) from error


def plain(source: Source) -> AvroEncoder:
    """Return what encodes records without the id of a schema: the columns are the schema."""
    written = schema(source)
    return AvroEncoder(source, written, plain_avro.writer(written))


def by_registry(source: Source, topic: str, schemas: Schemas) -> AvroEncoder:
    """Return what encodes records with the newest schema of their topic.

    No schema is registered, since that would decide which ones the topic's own producers can
    register after it.

    Args:
        source: The source.
        topic: Name of its topic in Kafka.
        schemas: The schema registry.

    Raises:
        InputError: There is none, or it does not fit the source.
        UnavailableError: The registry does not answer.
        ConfigError: The registry refuses access.
    """
    newest = schemas.newest(topic)
    if newest is None:
        raise InputError(
            f"The schema registry has no schema for {topic}.",
            f"Register one as {subject_of(topic)}, as the topic's producers do with their first "
            "record.",
        )
    require_fit(source, topic, newest)
    return AvroEncoder(source, newest, schemas.encoder(topic))
