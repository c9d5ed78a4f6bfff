"""Shows values in Avro, in Protobuf and in CSV as JSON, for people to read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pipeline.config import KafkaSettings
from pipeline.errors import InputError, PipelineError
from pipeline.formats import event_times
from pipeline.formats.csv.decoder import CsvDecoder
from pipeline.formats.undecodable import UndecodableError
from pipeline.sources import Source
from pipeline.sources.column_types import TIME
from pipeline.sources.formats import AVRO, AVRO_CONFLUENT, CSV, PROTOBUF
from pipeline.sources.paths import inner

from .records import Record

if TYPE_CHECKING:  # A third of a second to load, for topics that need it.
    from pipeline.formats.schemas import Schemas

# Exact numbers are written as numbers, so that filters compare them as such.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=str)
_PLAIN: Final = (AVRO, CSV, PROTOBUF)
"""The formats whose records are read by what a source declares."""
_PAUSE_SECONDS: Final = 20.0
_HEAD: Final = 5
_MOST_UNKNOWN: Final = 50
"""Bytes of another meaning look like ever new ids of schemas, for which nobody should ask."""


_Reader = Callable[[bytes], "Mapping[str, Any] | None"]


class Readable:
    """Decodes the records of any topic whose schema the registry or a source knows.

    What it cannot decode stays as it is, also while the registry does not answer. So do keys, since
    a number in eight bytes may look like the id of a schema.

    Args:
        kafka: The Kafka cluster, for its schema registry; without one, no value is decoded that
            refers to a schema.
        sources: The declared sources; in the topics of those in CSV, or in Avro or Protobuf without
            the ids of schemas, values are what the columns or the message say.
        clock: Seconds since any moment.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        sources: Iterable[Source] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._registry = kafka.registry
        known = {kafka.topic(each.topic): each for each in sources}
        self._plain = {topic: each for topic, each in known.items() if each.format in _PLAIN}
        self._times = {
            topic: _with_times(each)
            for topic, each in known.items()
            if each.format == AVRO_CONFLUENT and each.time_format.is_number
        }
        self._readers: dict[str, _Reader] = {}
        self._clock = clock
        self._schemas: Schemas | None = None
        self._ask_again_at = 0.0
        self._decoded: set[bytes] = set()
        self._unknown: set[bytes] = set()
        self.problem = ""
        """Why the registry cannot be asked, or a .proto file not be used; empty when they can."""

    def all(self, records: Iterable[Record]) -> list[Record]:
        """Return records with values that can be read."""
        if not self._registry.url and not self._plain:
            return list(records)
        return list(self._each(records))

    def _each(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            if record.topic in self._plain:
                value = self._declared(record.topic, record.value)
            else:
                value = self._shown(record.topic, record.value)
            yield record if value is record.value else replace(record, value=value)

    def _declared(self, topic: str, value: bytes | None) -> bytes | None:
        if not value:
            return value
        if topic not in self._readers:
            self._readers[topic] = self._reader(self._plain[topic])
        found = self._readers[topic](value)
        return value if found is None else _ENCODER.encode(found)

    def _shown(self, topic: str, value: bytes | None) -> bytes | None:
        if not self._registry.url:
            return value
        if not value or value[0] or len(value) <= _HEAD or self._clock() < self._ask_again_at:
            return value
        head = value[:_HEAD]
        asked = head in self._decoded or len(self._unknown) < _MOST_UNKNOWN
        if head in self._unknown or not asked:
            return value
        from pipeline.formats.schemas import Schemas

        try:
            if self._schemas is None:
                self._schemas = Schemas(self._registry)
            try:
                decode = self._schemas.reader(value)
            except UndecodableError:
                self._unknown.add(head)
                return value
            self._decoded.add(head)
            found = decode(value)
        except UndecodableError:
            return value
        except PipelineError as error:
            self.problem = str(error)
            self._ask_again_at = self._clock() + _PAUSE_SECONDS
            return value
        self.problem = ""
        with_times = self._times.get(topic)
        return _ENCODER.encode(found if with_times is None else with_times(found))

    def _reader(self, source: Source) -> _Reader:
        """Return what reads the fields of a source's values; it returns None if it cannot."""
        try:
            return _reader(source)
        except InputError as error:
            self.problem = str(error)
            return lambda _: None


def _reader(source: Source) -> _Reader:
    if source.format == CSV:
        return CsvDecoder(source).shown
    if source.format == PROTOBUF:
        from pipeline.formats.protobuf.message import declared_message
        from pipeline.formats.protobuf.values import message_reader

        return _if_decodable(message_reader(declared_message(source)))
    from pipeline.formats.avro.columns import schema
    from pipeline.formats.avro.plain_avro import reader

    read = _if_decodable(reader(schema(source)))
    if not source.time_format.is_number:
        return read
    with_times = _with_times(source)
    return lambda value: None if (found := read(value)) is None else with_times(found)


def _with_times(source: Source) -> Callable[[Any], Any]:
    """Return what makes times of the numbers that are a source's times.

    Nothing in Avro tells them from other numbers, unless they have a logical type.
    """
    read, where = event_times.reader(source.time_format), source.record_paths
    paths = [where[name] for name, dtype in source.schema if dtype == TIME]

    def with_times(fields: Any) -> Any:
        for path in paths:
            outside = inner(fields, path[:-1])
            time = read(inner(fields, path))
            if time is not None:
                outside[path[-1]] = time.replace(tzinfo=UTC)
        return fields

    return with_times


def _if_decodable(read: Callable[[bytes], Mapping[str, Any]]) -> _Reader:
    def reading(value: bytes) -> Mapping[str, Any] | None:
        try:
            return read(value)
        except UndecodableError:
            return None

    return reading
