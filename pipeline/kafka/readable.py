"""Shows the values of any topic that refer to a schema registry as JSON, for people to read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import msgspec

from pipeline.config import KafkaSettings
from pipeline.errors import PipelineError

from .records import Record

if TYPE_CHECKING:  # A third of a second to load, for topics that need it.
    from .schemas import Schemas

# Exact numbers are written as numbers, so that filters compare them as such.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number", enc_hook=str)
_PAUSE_SECONDS: Final = 20.0
_HEAD: Final = 5
_MOST_UNKNOWN: Final = 50
"""Bytes of another meaning look like ever new ids of schemas, for which nobody should ask."""


class Readable:
    """Decodes the records of any topic as far as the schema registry knows them.

    What it cannot decode stays as it is, also while the registry does not answer. So do keys, since
    a number in eight bytes may look like the id of a schema.

    Args:
        kafka: The Kafka cluster, for its schema registry; without one, nothing is decoded.
        clock: Seconds since any moment.
    """

    def __init__(self, kafka: KafkaSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = kafka.registry
        self._clock = clock
        self._schemas: Schemas | None = None
        self._ask_again_at = 0.0
        self._decoded: set[bytes] = set()
        self._unknown: set[bytes] = set()
        self.problem = ""
        """Why the registry cannot be asked; empty when it can."""

    def all(self, records: Iterable[Record]) -> list[Record]:
        """Return records with values that can be read."""
        return list(records) if not self._registry.url else list(self._each(records))

    def _each(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            value = self._shown(record.value)
            yield record if value is record.value else replace(record, value=value)

    def _shown(self, value: bytes | None) -> bytes | None:
        if not value or value[0] or len(value) <= _HEAD or self._clock() < self._ask_again_at:
            return value
        head = value[:_HEAD]
        asked = head in self._decoded or len(self._unknown) < _MOST_UNKNOWN
        if head in self._unknown or not asked:
            return value
        from .schemas import NotAvroError, Schemas

        try:
            if self._schemas is None:
                self._schemas = Schemas(self._registry)
            try:
                self._schemas.written_with(value)
            except NotAvroError:
                self._unknown.add(head)
                return value
            self._decoded.add(head)
            found = self._schemas.values(value)
        except NotAvroError:
            return value
        except PipelineError as error:
            self.problem = str(error)
            self._ask_again_at = self._clock() + _PAUSE_SECONDS
            return value
        self.problem = ""
        return _ENCODER.encode(found)
