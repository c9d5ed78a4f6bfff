"""Decodes and validates the records of the sources that the user's own features read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.config import KafkaSettings
from pipeline.errors import PipelineError
from pipeline.formats.decoder import Decoder
from pipeline.formats.decoders import decoder_of
from pipeline.kafka.quarantine import Quarantined, validate_rows
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.labels import says_fraud

from .source import Extent

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Validated:
    """What has become of records of one topic.

    Attributes:
        rows: The valid ones, with an attribute per column.
        labelled: Those of them that are labelled as fraud, each with its record.
        extents: The extent of the valid ones in each partition.
        invalid: The invalid ones.
        unknown: How many could not be validated.
    """

    rows: Sequence[Any] = ()
    labelled: Sequence[tuple[Record, Any]] = ()
    extents: Mapping[int, Extent] = field(default_factory=dict)
    invalid: Sequence[Quarantined] = ()
    unknown: int = 0


def extents_of(found: Iterable[tuple[Record, Any]], time: str) -> dict[int, Extent]:
    """Return the extent of rows in each partition.

    Args:
        found: The rows, each with its record, in the order of their offsets in each partition.
        time: Their attribute with the event time.
    """
    extents: dict[int, Extent] = {}
    for record, row in found:
        at = getattr(row, time)
        known = extents.get(record.partition)
        if known is None:
            extents[record.partition] = Extent(record.offset, at, at)
        elif at > known.newest:
            extents[record.partition] = Extent(known.first_offset, known.oldest, at)
    return extents


@dataclass
class Validation:
    """Tells the valid records from the invalid ones in topics other than `transaction`.

    Args:
        kafka: The Kafka cluster, for its schema registry.
        sources: All sources; that of the tutorial is left out.
    """

    kafka: KafkaSettings
    sources: Iterable[Source]
    _by_topic: dict[str, Source] = field(init=False)
    _decoders: dict[str, Decoder] = field(init=False, default_factory=dict)
    _reader: Readable = field(init=False)

    def __post_init__(self) -> None:
        self._reader = Readable(self.kafka, self.sources)
        self._by_topic = {each.topic: each for each in self.sources if each != TRANSACTION}

    @property
    def topics(self) -> tuple[str, ...]:
        """The topics, by their documented names."""
        return tuple(self._by_topic)

    def validated(self, topic: str, records: Sequence[Record]) -> Validated:
        """Validate records of a topic, none of which can be while its registry does not answer."""
        try:
            if topic not in self._decoders:
                self._decoders[topic] = decoder_of(self._by_topic[topic], self.kafka)
            good, found = validate_rows(records, self._decoders[topic])
        except PipelineError as error:
            _log.warning("records of %s cannot be validated: %s", topic, error)
            return Validated(unknown=len(records))
        source = self._by_topic[topic]
        label = source.label
        labelled = [each for each in good if label and says_fraud(getattr(each[1], label))]
        return Validated(
            rows=[row for _, row in good],
            labelled=self._readable(labelled),
            extents=extents_of(good, source.time),
            invalid=found,
        )

    def _readable(self, found: Sequence[tuple[Record, Any]]) -> list[tuple[Record, Any]]:
        """Return rows with records whose values are JSON, as far as they can be."""
        records = self._reader.all(record for record, _ in found)
        return [(record, row) for record, (_, row) in zip(records, found, strict=True)]
