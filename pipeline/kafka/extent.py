"""Which offsets of a topic hold records.

The end offset of a partition need not be one past its last record: transaction markers, aborted
records and gaps left by compaction may precede it. Only reading shows where records are.
"""

from __future__ import annotations

import time
from typing import Final

from confluent_kafka import Consumer, KafkaError, TopicPartition
from confluent_kafka.admin import AdminClient, TopicMetadata

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.model.reading import Reset

from .client import REQUEST_SECONDS, client_config, new_consumer, reporting, with_retries
from .closing import close
from .leaders import await_leaders
from .offsets import OffsetRange, OffsetRequest

_FIRST_STEP: Final = 16
_LONGER: Final = 32
_PATIENCE_SECONDS: Final = 20.0


def extent(kafka: KafkaSettings, topic: str) -> dict[int, OffsetRange]:
    """Return the offsets between which each partition holds committed records.

    Args:
        kafka: The cluster and its credentials.
        topic: Name of the topic; it need not exist.

    Returns:
        By partition, the earliest offset and the one after the last record. Partitions without a
        record are left out.

    Raises:
        UnavailableError: Kafka cannot be reached or stops answering.
    """
    consumer = new_consumer(kafka, {"enable.partition.eof": True})
    try:
        with reporting(kafka):

            def look() -> TopicMetadata:
                return consumer.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]

            known = look()
            if known.error is not None and known.error.code() in _NOT_THERE:
                return {}
            admin = AdminClient(client_config(kafka))
            wanted = {topic: (await_leaders(look), Reset.EARLIEST)}
            asked = with_retries(lambda: OffsetRequest(admin, wanted, REQUEST_SECONDS).of(topic))
            left = {n: offsets for (_, n), offsets in asked.items() if offsets.end > offsets.begin}
            found: dict[int, OffsetRange] = {}
            step = _FIRST_STEP
            while left:
                starts = {n: max(offsets.begin, offsets.end - step) for n, offsets in left.items()}
                last = _last_offsets(consumer, kafka, topic, starts, left)
                found |= {n: OffsetRange(left[n].begin, offset + 1) for n, offset in last.items()}
                left = {
                    n: offsets
                    for n, offsets in left.items()
                    if n not in last and starts[n] > offsets.begin
                }
                step *= _LONGER
            return found
    finally:
        close(consumer)


_NOT_THERE: Final = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION)


def _last_offsets(
    consumer: Consumer,
    kafka: KafkaSettings,
    topic: str,
    starts: dict[int, int],
    ranges: dict[int, OffsetRange],
) -> dict[int, int]:
    """Return the offset of the last record at or after each of these starts."""
    consumer.assign([TopicPartition(topic, number, start) for number, start in starts.items()])
    unread, last = set(starts), dict[int, int]()
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while unread:
        messages = consumer.consume(10_000, timeout=0.2)
        if messages:
            deadline = time.monotonic() + _PATIENCE_SECONDS
        elif time.monotonic() > deadline:
            raise UnavailableError(
                f"Kafka at {kafka.bootstrap} stopped answering while reading {topic}.",
                "See whether it runs with `fraudwatch status`.",
            )
        for message in messages:
            number, error = message.partition() or 0, message.error()
            offset = message.offset() or 0
            if error is None:
                if offset < ranges[number].end:
                    last[number] = offset
                if offset + 1 >= ranges[number].end:
                    unread.discard(number)
            elif error.code() == KafkaError._PARTITION_EOF:
                unread.discard(number)
    return last
