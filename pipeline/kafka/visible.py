"""Whether consumers see a record: they skip those of aborted and of open transactions."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from confluent_kafka import KafkaError, TopicPartition

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError

from .client import new_consumer, reporting
from .closing import close
from .offsets import Key

_PATIENCE_SECONDS: Final = 20.0
# One batch of each partition is enough.
_OPTIONS: Final = {"enable.partition.eof": True, "fetch.message.max.bytes": 1_000}


def visible(kafka: KafkaSettings, offsets: Mapping[Key, int]) -> frozenset[Key]:
    """Return the partitions of which consumers see the record at the given offset.

    Args:
        kafka: The cluster and its credentials.
        offsets: An offset in each of some partitions.

    Raises:
        UnavailableError: Kafka cannot be reached or stops answering.
    """
    if not offsets:
        return frozenset()
    found = set[Key]()
    consumer = new_consumer(kafka, _OPTIONS)
    try:
        with reporting(kafka):
            consumer.assign([TopicPartition(*key, offset) for key, offset in offsets.items()])
            left = set(offsets)
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while left:
                if time.monotonic() > deadline:
                    topic = min(left)[0]
                    raise UnavailableError(
                        f"Kafka at {kafka.bootstrap} stopped answering while reading {topic}.",
                        "See whether it runs with `fraudwatch status`.",
                    )
                for message in consumer.consume(len(left), timeout=0.2):
                    key, error = (message.topic() or "", message.partition() or 0), message.error()
                    if error is not None and error.code() != KafkaError._PARTITION_EOF:
                        continue
                    # The first answer of a partition: a record, or its end.
                    if key in left:
                        left.discard(key)
                        if error is None and message.offset() == offsets[key]:
                            found.add(key)
    finally:
        close(consumer)
    return frozenset(found)
