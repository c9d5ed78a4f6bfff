"""Reading topics in batches, without a consumer group: nothing is committed anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from confluent_kafka import (
    OFFSET_END,
    Consumer,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError

from .client import REQUEST_SECONDS, client_config, reporting, unavailable
from .records import Record

_LOOK_AGAIN_SECONDS: Final = 2.0
_QUICK_SECONDS: Final = 1.0
_BATCHES: Final = {"fetch.wait.max.ms": 50, "queued.max.messages.kbytes": 16 * 1024}
_GONE: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION)


class Edge(Enum):
    """An end of a topic."""

    EARLIEST = "earliest"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class Last:
    """The last `count` records of each partition, and then what comes."""

    count: int


@dataclass(frozen=True, slots=True)
class Since:
    """From the first record with Kafka's timestamp at or after `timestamp_ms`."""

    timestamp_ms: int


Start = Edge | Last | Since


@dataclass(frozen=True, slots=True)
class _Place:
    """Where reading a partition began, and where the partition ended then."""

    begin: int
    end: int


class BatchConsumer:
    """Reads several topics at once, in batches; survives the broker going away.

    A topic that does not exist yet, or exists again, is taken up when it appears. Of one that was
    made anew, the records of up to two seconds may come twice, but none is left out.

    Args:
        kafka: Where Kafka is, and how to get in.
        topics: What to read.
        start: Where to begin in a topic; one that appears later is read from its beginning.
    """

    def __init__(self, kafka: KafkaSettings, topics: tuple[str, ...], start: Start) -> None:
        self._topics = list(topics)
        self._start = start
        self._error = ""
        self._asked: dict[str, Future[Any]] = {}
        self._asked_at = float("-inf")
        self._places: dict[tuple[str, int], _Place] = {}
        # Kafka's id of each topic that is read: another one is another topic of the same name.
        self._ids: dict[str, str] = {}
        self._appeared_later: set[str] = set()
        self._emptied = False
        self._missing: set[str] = set()
        self._kafka = kafka
        self._admin = AdminClient(client_config(kafka))
        self._consumer = _consumer(kafka, _BATCHES)

    def __enter__(self) -> BatchConsumer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of Kafka."""
        self._consumer.close()

    @property
    def error(self) -> str:
        """Why nothing can be read; empty while all is well."""
        return self._error

    @property
    def found(self) -> bool:
        """Whether Kafka has told of a topic that can be read."""
        return bool(self._places)

    @property
    def missing(self) -> frozenset[str]:
        """The topics that were not there when Kafka was last asked."""
        return frozenset(self._missing)

    def poll(self, max_records: int = 10_000, timeout: float = 0.2) -> list[Record]:
        """What has come, at most `max_records`, after at most `timeout` seconds."""
        self._follow_topics()
        if not self._places:
            if self._asked:
                wait(self._asked.values(), timeout)
                self._follow_topics()
            else:
                time.sleep(timeout)
        if not self._places:
            return []
        records = []
        for message in self._consumer.consume(max_records, timeout):
            error = message.error()
            if error is None:
                records.append(Record.of(message))
            elif error.code() not in _GONE:
                self._error = error.str()
        if records:
            self._error = ""
        return records

    def take_emptied(self) -> bool:
        """Whether a topic has gone, perhaps to be made anew, since this was last asked."""
        emptied, self._emptied = self._emptied, False
        return emptied

    def lag(self) -> int:
        """Records between what was read and the end of the topics, as last heard from Kafka."""
        lag = 0
        for part in self._consumer.position([TopicPartition(*key) for key in self._places]):
            place = self._places[part.topic, part.partition]
            _, high = self._consumer.get_watermark_offsets(part, cached=True)
            # Both are negative until the first records have come.
            at = part.offset if part.offset >= 0 else place.begin
            lag += max(0, (high if high >= 0 else place.end) - at)
        return lag

    def _follow_topics(self) -> None:
        """Ask now and then which partitions there are, and take the answer when it has come."""
        now = time.monotonic()
        if not self._asked and now - self._asked_at >= _LOOK_AGAIN_SECONDS:
            self._asked_at = now
            # The consumer's own list_topics would hold poll up, and does not know a topic's id.
            self._asked = self._admin.describe_topics(
                TopicCollection(self._topics), request_timeout=_LOOK_AGAIN_SECONDS
            )
        if self._asked and all(answer.done() for answer in self._asked.values()):
            answers, self._asked = self._asked, {}
            self._error = ""
            for topic, answer in answers.items():
                try:
                    self._take_answer(topic, answer)
                except KafkaException as error:
                    self._error = error.args[0].str()
                    self._renew()

    def _take_answer(self, topic: str, answer: Future[Any]) -> None:
        try:
            found = answer.result()
        except KafkaException as error:
            if error.args[0].code() not in _GONE:
                raise
            self._forget(topic)
            self._missing.add(topic)
            return
        self._missing.discard(topic)
        topic_id = str(found.topic_id)
        if self._ids.get(topic, topic_id) != topic_id:
            # librdkafka would read on at the old offset and so leave out what comes before it.
            self._forget(topic)
        numbers = [part.id for part in found.partitions if (topic, part.id) not in self._places]
        places = {(topic, number): self._place(topic, number) for number in numbers}
        self._consumer.incremental_assign(
            [TopicPartition(*key, place.begin) for key, place in places.items()]
        )
        self._places |= places
        self._ids[topic] = topic_id
        # Partitions that are added to it have nothing that was there before.
        self._appeared_later.add(topic)

    def _renew(self) -> None:
        """Take another client, if nothing is lost by it.

        One that has lost its connections while it reads nothing does not always look for new ones.
        """
        if not self._places:
            self._consumer.close()
            self._consumer = _consumer(self._kafka, _BATCHES)

    def _forget(self, topic: str) -> None:
        gone = [key for key in self._places if key[0] == topic]
        self._consumer.incremental_unassign([TopicPartition(*key) for key in gone])
        self._emptied = self._emptied or bool(gone)
        for key in gone:
            del self._places[key]
        self._ids.pop(topic, None)
        self._appeared_later.add(topic)

    def _place(self, topic: str, number: int) -> _Place:
        part = TopicPartition(topic, number)
        low, high = self._consumer.get_watermark_offsets(part, timeout=_QUICK_SECONDS)
        begin = low
        if topic not in self._appeared_later:
            match self._start:
                case Edge.LATEST:
                    begin = high
                case Last(count):
                    begin = max(low, high - count)
                case Since(timestamp_ms):
                    asked = TopicPartition(topic, number, timestamp_ms)
                    (answer,) = self._consumer.offsets_for_times([asked], timeout=_QUICK_SECONDS)
                    begin = high if answer.offset in (OFFSET_END, -1) else answer.offset
        return _Place(begin, high)


def read_to_end(
    kafka: KafkaSettings,
    topic: str,
    *,
    ends: dict[int, int] | None = None,
    stop: Callable[[], bool] = lambda: False,
    patience: float = 20.0,
) -> Iterator[list[Record]]:
    """Everything a topic holds now, in batches; each partition in its order.

    Args:
        kafka: Where Kafka is, and how to get in.
        topic: What to read.
        ends: Offset by partition at which to end; those of this moment when None.
        stop: Asked between batches; True ends the reading.
        patience: Seconds without a record after which Kafka counts as gone.

    Raises:
        UnavailableError: Kafka cannot be reached, has no such topic, or stops answering.
    """
    consumer = _consumer(kafka, {"enable.partition.eof": True})
    try:
        with reporting(kafka):
            open_parts = _open_partitions(consumer, kafka, topic, ends)
            deadline = time.monotonic() + patience
            while open_parts and not stop():
                batch = []
                for message in consumer.consume(10_000, timeout=0.2):
                    number, error = message.partition() or 0, message.error()
                    if error is not None:
                        if error.code() == KafkaError._PARTITION_EOF:
                            open_parts.pop(number, None)
                        continue
                    offset = message.offset() or 0
                    if number not in open_parts:
                        continue
                    if offset < open_parts[number]:
                        batch.append(Record.of(message))
                    if offset + 1 >= open_parts[number]:
                        del open_parts[number]
                if batch:
                    deadline = time.monotonic() + patience
                    yield batch
                elif time.monotonic() > deadline:
                    raise UnavailableError(
                        f"Kafka at {kafka.bootstrap} stopped answering while {topic} was read.",
                        "See whether it runs with `fraudwatch status`.",
                    )
    finally:
        consumer.close()


def _open_partitions(
    consumer: Consumer, kafka: KafkaSettings, topic: str, ends: dict[int, int] | None
) -> dict[int, int]:
    """Assign all partitions that hold something; the end offset of each."""
    known = consumer.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]
    if known.error is not None:
        raise unavailable(kafka, known.error)
    found: dict[int, int] = {}
    parts = []
    for number in known.partitions:
        part = TopicPartition(topic, number)
        low, high = consumer.get_watermark_offsets(part, timeout=REQUEST_SECONDS)
        end = high if ends is None else min(high, ends.get(number, high))
        if end > low:
            part.offset = low
            parts.append(part)
            found[number] = end
    consumer.assign(parts)
    return found


def _consumer(kafka: KafkaSettings, options: dict[str, Any]) -> Consumer:
    return Consumer(
        client_config(kafka)
        | {
            # librdkafka wants a group's name, but without a subscription none is joined.
            "group.id": "fraudwatch-console",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            # Its default is 1 s: as long as that a full queue would stop the fetching.
            "fetch.queue.backoff.ms": 5,
        }
        | options
    )
