"""Reading topics in batches, without a consumer group: nothing is committed anywhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final

from confluent_kafka import OFFSET_END, Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.errors import UnavailableError

from .client import REQUEST_SECONDS, client_config, reporting, unavailable
from .records import Record

_LOOK_AGAIN_SECONDS: Final = 2.0
_QUICK_SECONDS: Final = 1.0


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


class BatchConsumer:
    """Reads several topics at once, in batches; survives the broker going away.

    A topic that does not exist yet, or exists again, is taken up when it appears.

    Args:
        bootstrap: Kafka's address.
        topics: What to read.
        start: Where to begin in a topic; one that appears later is read from its beginning.
    """

    def __init__(self, bootstrap: str, topics: tuple[str, ...], start: Start) -> None:
        self._bootstrap = bootstrap
        self._topics = topics
        self._start = start
        self._error = ""
        self._looked_at = float("-inf")
        self._assigned: dict[tuple[str, int], TopicPartition] = {}
        self._consumer = Consumer(
            client_config(bootstrap)
            | {
                # librdkafka wants a group's name, but without a subscription none is joined.
                "group.id": "fraudwatch-console",
                "enable.auto.commit": False,
                "enable.auto.offset.store": False,
                "auto.offset.reset": "earliest",
                "fetch.wait.max.ms": 50,
                "queued.max.messages.kbytes": 16 * 1024,
            }
        )

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

    def poll(self, max_records: int = 10_000, timeout: float = 0.2) -> list[Record]:
        """What has come, at most `max_records`, after at most `timeout` seconds."""
        self._look_for_partitions()
        if not self._assigned:
            time.sleep(timeout)
            return []
        records = []
        for message in self._consumer.consume(max_records, timeout):
            error = message.error()
            if error is None:
                _, timestamp = message.timestamp()
                records.append(
                    Record(
                        message.topic() or "",
                        message.partition() or 0,
                        message.offset() or 0,
                        timestamp,
                        message.key(),
                        message.value(),
                    )
                )
            else:
                self._take_note(error)
        if records:
            self._error = ""
        return records

    def lag(self) -> int:
        """Records between what was read and the end of the topics, as last heard from Kafka."""
        lag = 0
        for part in self._consumer.position(list(self._assigned.values())):
            _, high = self._consumer.get_watermark_offsets(part, cached=True)
            if part.offset >= 0 and high >= 0:
                lag += max(0, high - part.offset)
        return lag

    def _take_note(self, error: KafkaError) -> None:
        self._error = error.str()
        if error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION):
            # Deleted, perhaps to be made anew: then it begins at its beginning.
            self._assigned.clear()
            self._start = Edge.EARLIEST

    def _look_for_partitions(self) -> None:
        """Ask for new partitions now and then; the answer of a healthy broker is quick."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_AGAIN_SECONDS:
            return
        self._looked_at = now
        try:
            known = self._consumer.list_topics(timeout=_QUICK_SECONDS).topics
        except KafkaException as error:
            self._error = error.args[0].str()
            return
        self._error = ""
        found = [
            (name, number)
            for name in self._topics
            if name in known and known[name].error is None
            for number in known[name].partitions
        ]
        new = [part for part in found if part not in self._assigned]
        if not new:
            return
        try:
            first = not self._assigned
            begun = {part: self._begin(*part, first=first) for part in new}
        except KafkaException as error:
            self._error = error.args[0].str()
            return
        self._assigned |= begun
        self._consumer.incremental_assign(list(begun.values()))

    def _begin(self, topic: str, number: int, *, first: bool) -> TopicPartition:
        part = TopicPartition(topic, number)
        low, high = self._consumer.get_watermark_offsets(part, timeout=REQUEST_SECONDS)
        offset = low
        if first:
            match self._start:
                case Edge.LATEST:
                    offset = high
                case Last(count):
                    offset = max(low, high - count)
                case Since(timestamp_ms):
                    asked = TopicPartition(topic, number, timestamp_ms)
                    (answer,) = self._consumer.offsets_for_times([asked], timeout=REQUEST_SECONDS)
                    offset = high if answer.offset in (OFFSET_END, -1) else answer.offset
        part.offset = offset
        return part


def read_to_end(
    bootstrap: str,
    topic: str,
    *,
    ends: dict[int, int] | None = None,
    stop: Callable[[], bool] = lambda: False,
    patience: float = 20.0,
) -> Iterator[list[Record]]:
    """Everything a topic holds now, in batches; each partition in its order.

    Args:
        bootstrap: Kafka's address.
        topic: What to read.
        ends: Offset by partition at which to end; those of this moment when None.
        stop: Asked between batches; True ends the reading.
        patience: Seconds without a record after which Kafka counts as gone.

    Raises:
        UnavailableError: Kafka cannot be reached, has no such topic, or stops answering.
    """
    consumer = Consumer(
        client_config(bootstrap)
        | {
            "group.id": "fraudwatch-read",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
        }
    )
    try:
        with reporting(bootstrap):
            open_parts = _open_partitions(consumer, bootstrap, topic, ends)
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
                        _, timestamp = message.timestamp()
                        batch.append(
                            Record(topic, number, offset, timestamp, message.key(), message.value())
                        )
                    if offset + 1 >= open_parts[number]:
                        del open_parts[number]
                if batch:
                    deadline = time.monotonic() + patience
                    yield batch
                elif time.monotonic() > deadline:
                    raise UnavailableError(
                        f"Kafka at {bootstrap} stopped answering while {topic} was read.",
                        "See whether it runs with `fraudwatch status`.",
                    )
    finally:
        consumer.close()


def _open_partitions(
    consumer: Consumer, bootstrap: str, topic: str, ends: dict[int, int] | None
) -> dict[int, int]:
    """Assign all partitions that hold something; the end offset of each."""
    known = consumer.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]
    if known.error is not None:
        raise unavailable(bootstrap, known.error)
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
