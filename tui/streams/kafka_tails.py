"""Tails on Kafka: one batched consumer for each open topic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from pipeline.config import KafkaSettings
from pipeline.errors import InputError, UnavailableError
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.kafka.topics import list_topics
from pipeline.model.reading import Start
from pipeline.sources import Source
from pipeline.sources.formats import AVRO, CSV
from pipeline.sources.masking import OPEN, Mask, MaskOf, nothing

from .record_view import RecordView
from .tail_source import TailBatch, TopicSize, follows

_POLL_SECONDS: Final = 0.1
_LOOKED_AT: Final = 20_000
"""Records that are inspected; all at once they are several times larger than in Kafka."""
_AHEAD_RECORDS: Final = 20_000
_AHEAD_BYTES: Final = 16 * 1024 * 1024
# Time to fetch all that is there: a slow Kafka returns one partition long before the next.
_POLLS_AHEAD: Final = 30
_by_time: Final = attrgetter("timestamp_ms")


class KafkaTails:
    """Opens and lists topics of a Kafka whose address may change.

    Args:
        bootstrap: Returns the address; empty while there is none.
        kafka: The credentials.
        mask_of: Returns what is hidden in a topic, by its name in Kafka.
        sources: Returns the declared sources.
    """

    def __init__(
        self,
        bootstrap: Callable[[], str],
        kafka: KafkaSettings,
        mask_of: MaskOf = nothing,
        sources: Callable[[], Sequence[Source]] = tuple,
    ) -> None:
        self._mask_of = mask_of
        self._sources = sources
        self._bootstrap = bootstrap
        self._kafka = kafka

    def address(self) -> str:
        """Return Kafka's bootstrap address; empty while there is none."""
        return self._bootstrap()

    def name_of(self, topic: str) -> str:
        return self._kafka.topic(topic)

    def open(self, topic: str, start: Start) -> KafkaTail:
        """Open a topic for reading.

        Raises:
            UnavailableError: Kafka has no address yet.
        """
        kafka = self._required()
        readable = Readable(kafka, self._sources())
        return KafkaTail(kafka, topic, start, readable, self._mask_of(topic))

    def topics(self) -> Sequence[TopicSize]:
        """Return all topics except Kafka's internal ones, by name.

        Raises:
            UnavailableError: Kafka cannot be reached.
        """
        return [
            TopicSize(found.name, found.offsets, found.width, len(found.leaderless))
            for found in list_topics(self._required())
        ]

    def inspect(self, topic: str, report: Callable[[int], None]) -> str:
        """Return the declaration of a source that fits a topic's newest records.

        Raises:
            PipelineError: Kafka cannot be reached, or they are not those of a source, or do not
                name their columns.
        """
        for source in self._sources():
            if source.format in (AVRO, CSV) and self._kafka.topic(source.topic) == topic:
                raise InputError(
                    f"The records of {topic} are in {source.format}, which does not name their "
                    "columns: your features' source declares them.",
                    "Read its declaration in your file of features.",
                )
        # Opened seldom, and it brings much along.
        from pipeline.inspection.inspected import inspect
        from pipeline.inspection.looked_at import of_topic
        from pipeline.inspection.pasted import pasted

        rows = of_topic(self._required(), topic, _LOOKED_AT, report)
        return pasted(inspect(rows, self._mask_of(topic)))

    def _required(self) -> KafkaSettings:
        bootstrap = self._bootstrap()
        if not bootstrap:
            raise UnavailableError("Kafka is not up yet.")
        return self._kafka.at(bootstrap)


class KafkaTail:
    """One topic, read from a start offset or time.

    Kafka returns a thousand records of one partition, then a thousand of the next. When paging
    through existing records, enough are read ahead to order the records of all partitions by
    timestamp.

    Args:
        kafka: The cluster and its credentials.
        topic: The topic's name.
        start: Where to start reading.
        readable: Decodes its records.
        mask: What of its records is hidden.
    """

    def __init__(
        self,
        kafka: KafkaSettings,
        topic: str,
        start: Start,
        readable: Readable,
        mask: Mask = OPEN,
    ) -> None:
        self._mask = mask
        self._consumer = BatchConsumer(kafka, (topic,), start)
        self._readable = readable
        self._most_ahead = 0 if follows(start) else _AHEAD_RECORDS
        self._ahead: list[Record] = []

    def poll(self, most: int) -> TailBatch:
        """Return the next records, at most `most`, by timestamp."""
        self._read(most)
        recreated = self._consumer.take_recreated()
        found, self._ahead = self._ahead[:most], self._ahead[most:]
        return TailBatch(
            records=[RecordView.of(each, self._mask) for each in self._readable.all(found)],
            undecoded=self._readable.problem,
            lag=self._consumer.lag() + len(self._ahead) if self._consumer.found else None,
            recreated=recreated,
            missing=bool(self._consumer.missing),
            error=self._consumer.error,
        )

    def close(self) -> None:
        self._consumer.close()

    def _read(self, most: int) -> None:
        if most == 0 or len(self._ahead) > max(most, self._most_ahead // 2):
            self._consumer.poll(0, 0.0)
            return
        for _ in range(_POLLS_AHEAD if self._most_ahead else 1):
            wanted = max(most, self._most_ahead) - len(self._ahead)
            self._ahead += self._consumer.poll(wanted, _POLL_SECONDS)
            size = sum(len(record.value or b"") for record in self._ahead)
            enough = len(self._ahead) >= max(most, self._most_ahead) or size > _AHEAD_BYTES
            if enough or not self._consumer.found or self._consumer.lag() == 0:
                break
        self._ahead.sort(key=_by_time)
