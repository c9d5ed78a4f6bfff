"""The real tails: one batched consumer for each topic that is looked into."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Final

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.records import Record
from pipeline.kafka.topics import list_topics
from pipeline.model import Start

from .record_view import RecordView
from .tail_source import TailBatch, TopicSize, follows

_POLL_SECONDS: Final = 0.1
_AHEAD_RECORDS: Final = 20_000
_AHEAD_BYTES: Final = 16 * 1024 * 1024
# Until all that is there has come: a slow Kafka gives one partition long before the next.
_POLLS_AHEAD: Final = 30
_by_time: Final = attrgetter("timestamp_ms")


class KafkaTails:
    """Opens topics of the Kafka at an address that may change.

    Args:
        bootstrap: Tells the address; empty while there is none.
        kafka: How to get in, wherever it is.
    """

    def __init__(self, bootstrap: Callable[[], str], kafka: KafkaSettings) -> None:
        self._bootstrap = bootstrap
        self._kafka = kafka

    def address(self) -> str:
        """Where Kafka is; empty while there is none."""
        return self._bootstrap()

    def open(self, topic: str, start: Start) -> KafkaTail:
        """Begin to read a topic.

        Raises:
            UnavailableError: There is no Kafka yet.
        """
        return KafkaTail(self._required(), topic, start)

    def topics(self) -> Sequence[TopicSize]:
        """All topics but Kafka's own, by name.

        Raises:
            UnavailableError: Kafka cannot be reached.
        """
        return [
            TopicSize(found.name, found.records, found.width, len(found.leaderless))
            for found in list_topics(self._required())
        ]

    def _required(self) -> KafkaSettings:
        bootstrap = self._bootstrap()
        if not bootstrap:
            raise UnavailableError("Kafka is not up yet.")
        return self._kafka.at(bootstrap)


class KafkaTail:
    """One topic, read from some place on.

    Kafka gives a thousand records of one partition, then a thousand of the next. Where what is
    already there is paged through, so many are read ahead that records of all partitions can be
    put in the order of their timestamps.

    Args:
        kafka: Where Kafka is, and how to get in.
        topic: What to read.
        start: Where to begin.
    """

    def __init__(self, kafka: KafkaSettings, topic: str, start: Start) -> None:
        self._consumer = BatchConsumer(kafka, (topic,), start)
        self._most_ahead = 0 if follows(start) else _AHEAD_RECORDS
        self._ahead: list[Record] = []

    def poll(self, most: int) -> TailBatch:
        """The next records, at most `most`, by time."""
        self._read(most)
        recreated = self._consumer.take_recreated()
        found, self._ahead = self._ahead[:most], self._ahead[most:]
        return TailBatch(
            records=[RecordView.of(record) for record in found],
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
