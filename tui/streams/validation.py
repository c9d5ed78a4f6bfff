"""Decodes and validates the records of the sources that the user's own features read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.config import KafkaSettings
from pipeline.errors import PipelineError
from pipeline.kafka.decoder import Decoder
from pipeline.kafka.decoders import decoder_of
from pipeline.kafka.quarantine import Quarantined, validate_rows
from pipeline.kafka.records import Record
from pipeline.sources import TRANSACTION, Source

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Validated:
    """What has become of records of one topic.

    Attributes:
        rows: The valid ones, with an attribute per column.
        invalid: The invalid ones.
        unknown: How many could not be validated.
    """

    rows: Sequence[Any] = ()
    invalid: Sequence[Quarantined] = ()
    unknown: int = 0


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

    def __post_init__(self) -> None:
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
        return Validated([row for _, row in good], found)
