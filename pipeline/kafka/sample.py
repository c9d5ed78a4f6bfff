"""A sample of the newest records of a source: are they valid, and if not, why?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pipeline.config import KafkaSettings
from pipeline.formats.decoders import decoder_of
from pipeline.model.reading import Last
from pipeline.sources import TRANSACTION, Source
from pipeline.text.words import counted

from .quarantine import Quarantined, validate_rows
from .read_to_end import read_to_end

_RECORDS: Final = 400
_NEARLY_ALL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Sample:
    """The newest records of a topic.

    Attributes:
        topic: Name of the topic in Kafka.
        count: How many were validated.
        invalid: The invalid ones.
    """

    topic: str
    count: int
    invalid: Sequence[Quarantined]

    @property
    def stops(self) -> Quarantined | None:
        """The first record at which every job of the topic fails; None if there is none."""
        return next((record for record in self.invalid if record.kind.stops_jobs), None)

    @property
    def fault(self) -> str:
        """What is wrong when nearly all are invalid, with an example; empty when most are valid."""
        if not self.invalid or len(self.invalid) < self.count * _NEARLY_ALL:
            return ""
        ((commonest, _),) = Counter(record.kind for record in self.invalid).most_common(1)
        reason = next(record.reason for record in self.invalid if record.kind is commonest)
        if self.count == 1:
            return f"the only record of {self.topic} is invalid: {reason}"
        all_of = "all" if len(self.invalid) == self.count else f"{len(self.invalid):,} of the"
        newest = counted(self.count, "newest record")
        return f"{all_of} {newest} of {self.topic} are invalid: {reason}"


def newest(kafka: KafkaSettings, source: Source = TRANSACTION) -> Sample:
    """Validate the newest records of a source.

    Raises:
        UnavailableError: Kafka or its schema registry cannot be reached, or has no such topic.
        ConfigError: The source needs a schema registry, and the profile has none.
    """
    topic = kafka.topic(source.topic)
    invalid: list[Quarantined] = []
    count = 0
    decoder = decoder_of(source, kafka)
    for records in read_to_end(kafka, topic, start=Last(_RECORDS)):
        count += len(records)
        invalid += validate_rows(records, decoder)[1]
    return Sample(topic, count, invalid)
