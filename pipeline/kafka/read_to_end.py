"""Reading what a topic holds now, to its end, without a consumer group."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import AdminClient, TopicMetadata

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.model.reading import Reset, Start

from .client import (
    REQUEST_SECONDS,
    client_config,
    new_consumer,
    reporting,
    unavailable,
    with_retries,
)
from .closing import close
from .leaders import await_leaders
from .offsets import Key, OffsetRange, OffsetRequest
from .records import Record


def read_to_end(
    kafka: KafkaSettings,
    topic: str,
    *,
    start: Start = Reset.EARLIEST,
    ends: dict[int, int] | None = None,
    stop: Callable[[], bool] = lambda: False,
    patience: float = 20.0,
) -> Iterator[list[Record]]:
    """Yield the current content of a topic in batches, each partition in order.

    Args:
        kafka: The cluster and its credentials.
        topic: Name of the topic in Kafka.
        start: Where to start.
        ends: End offset by partition; the current ones when None.
        stop: Called between batches; True stops reading.
        patience: Seconds without a record after which Kafka counts as unavailable.

    Raises:
        UnavailableError: Kafka cannot be reached, has no such topic, or stops answering.
    """
    batches = messages_to_end(kafka, topic, start=start, ends=ends, stop=stop, patience=patience)
    for batch in batches:
        yield [Record.of(message) for message in batch]


def messages_to_end(
    kafka: KafkaSettings,
    topic: str,
    *,
    start: Start = Reset.EARLIEST,
    begins: Mapping[int, int] | None = None,
    ends: dict[int, int] | None = None,
    stop: Callable[[], bool] = lambda: False,
    patience: float = 20.0,
) -> Iterator[list[Message]]:
    """Like `read_to_end`, but yields the client's own messages, which is cheaper for millions.

    Args:
        kafka: The cluster and its credentials.
        topic: Name of the topic in Kafka.
        start: Where to start.
        begins: Start offset by partition, which overrides `start`.
        ends: End offset by partition; the current ones when None.
        stop: Called between batches; True stops reading.
        patience: Seconds without a record after which Kafka counts as unavailable.
    """
    consumer = new_consumer(kafka, {"enable.partition.eof": True})
    try:
        with reporting(kafka):
            ranges = _ranges(consumer, kafka, topic, start)
            open_parts = _open_partitions(consumer, topic, ranges, begins or {}, ends or {})
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
                        batch.append(message)
                    if offset + 1 >= open_parts[number]:
                        del open_parts[number]
                if batch:
                    deadline = time.monotonic() + patience
                    yield batch
                elif time.monotonic() > deadline:
                    raise UnavailableError(
                        f"Kafka at {kafka.bootstrap} stopped answering while reading {topic}.",
                        "See whether it runs with `fraudwatch status`.",
                    )
    finally:
        close(consumer)


def _ranges(
    consumer: Consumer, kafka: KafkaSettings, topic: str, start: Start
) -> dict[Key, OffsetRange]:
    def look() -> TopicMetadata:
        known = consumer.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]
        if known.error is not None:
            raise unavailable(kafka, known.error)
        return known

    wanted = {topic: (await_leaders(look), start)}
    admin = AdminClient(client_config(kafka))
    return with_retries(lambda: OffsetRequest(admin, wanted, REQUEST_SECONDS).of(topic))


def _open_partitions(
    consumer: Consumer,
    topic: str,
    ranges: Mapping[Key, OffsetRange],
    begins: Mapping[int, int],
    ends: Mapping[int, int],
) -> dict[int, int]:
    """Assign all partitions that have something to read; return the end offset of each."""
    found: dict[int, int] = {}
    parts = []
    for (_, number), offsets in ranges.items():
        begin = max(offsets.begin, begins.get(number, offsets.begin))
        end = min(offsets.end, ends.get(number, offsets.end))
        if end > begin:
            parts.append(TopicPartition(topic, number, begin))
            found[number] = end
    consumer.assign(parts)
    return found
