"""When the newest record of a topic was written."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import OFFSET_INVALID, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from pipeline.config import KafkaSettings

from .client import REQUEST_SECONDS, answered, client_config, reporting
from .given import Unknown, given
from .leaders import led


def newest_written(kafka: KafkaSettings, names: Iterable[str]) -> dict[str, float | None]:
    """Kafka's newest timestamp in each topic, asked of the brokers without reading a record.

    Args:
        kafka: Where Kafka is, and how to get in.
        names: Of the topics.

    Returns:
        Seconds since the epoch by topic, in the order of the names; None for a topic that holds no
        record or is not there.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    newest: dict[str, float | None] = dict.fromkeys(names)
    with reporting(kafka):
        admin = AdminClient(client_config(kafka))
        topics = admin.list_topics(timeout=REQUEST_SECONDS).topics
        wanted = {
            TopicPartition(name, number): OffsetSpec.max_timestamp()
            for name in newest
            if name in topics
            for number in topics[name].partitions
        }
        if not wanted:
            return newest
        answers = admin.list_offsets(wanted, request_timeout=REQUEST_SECONDS)
        for part, answer in answers.items():
            found = answered(answer)
            if found.offset >= 0:
                before = newest[part.topic] or 0.0
                newest[part.topic] = max(before, found.timestamp / 1000)
    return newest
