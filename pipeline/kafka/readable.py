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
_MOST_UNKNOWN: Final = 50
"""Bytes of another meaning look like ever new ids of schemas, for which nobody should ask."""


class Readable:
    """Decodes the records of any topic as far as the schema registry knows them.

    What it cannot decode stays as it is, also while the registry does not answer.

    Args:
        kafka: The Kafka cluster, for its schema registry; without one, nothing is decoded.
        clock: Seconds since any moment.
    """

    def __init__(self, kafka: KafkaSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._registry = kafka.registry
        self._clock = clock
        self._schemas: Schemas | None = None
        self._ask_again_at = 0.0
        self._unknown = 0
        self.problem = ""
        """Why the registry cannot be asked; empty when it can."""

    def all(self, records: Iterable[Record]) -> list[Record]:
        """Return records with values, and keys, that can be read."""
        return list(records) if not self._registry.url else list(self._each(records))

    def _each(self, records: Iterable[Record]) -> Iterator[Record]:
        for record in records:
            key, value = self._shown(record.key), self._shown(record.value)
            changed = key is not record.key or value is not record.value
            yield replace(record, key=key, value=value) if changed else record

    def _shown(self, data: bytes | None) -> bytes | None:
        if not data or data[0] or self._unknown > _MOST_UNKNOWN:
            return data
        if self._clock() < self._ask_again_at:
            return data
        from .schemas import NotAvroError, Schemas

        try:
            if self._schemas is None:
                self._schemas = Schemas(self._registry)
            found = self._schemas.values(data)
        except NotAvroError:
            self._unknown += 1
            return data
        except PipelineError as error:
            self.problem = str(error)
            self._ask_again_at = self._clock() + _PAUSE_SECONDS
            return data
        self.problem = ""
        return _ENCODER.encode(found)
