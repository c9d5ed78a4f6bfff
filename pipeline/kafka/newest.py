"""When the newest record of a topic was written."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from functools import partial
from typing import Final

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, ListOffsetsResultInfo, OffsetSpec

from pipeline.config import KafkaSettings

from .client import REQUEST_SECONDS, client_config, reporting
from .given import Unknown, given
from .leaders import led
from .places import offset_in

_NO_LEADER: Final = Unknown("none of its partitions has a leader")


def newest_written(kafka: KafkaSettings, names: Iterable[str]) -> dict[str, float | Unknown | None]:
    """Kafka's newest timestamp in each topic, asked of the brokers without reading a record.

    Args:
        kafka: Where Kafka is, and how to get in.
        names: Of the topics.

    Returns:
        Seconds since the epoch by topic, in the order of the names; None for a topic that holds no
        record or is not there. Partitions without a leader are left out, and of a topic without
        any other the time is unknown; so is it where Kafka is older than 3.0.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    newest: dict[str, float | Unknown | None] = dict.fromkeys(names)
    with reporting(kafka):
        admin = AdminClient(client_config(kafka))
        topics = admin.list_topics(timeout=REQUEST_SECONDS).topics
        wanted = {
            TopicPartition(name, number): OffsetSpec.max_timestamp()
            for name in newest
            if name in topics
            for number in led(topics[name])
        }
        asked = {part.topic for part in wanted}
        newest |= {name: _NO_LEADER for name in newest if name in topics and name not in asked}
        if not wanted:
            return newest
        answers = admin.list_offsets(wanted, request_timeout=REQUEST_SECONDS)
        for part, answer in answers.items():
            found = given(partial(_time, answer))
            before = newest[part.topic]
            if isinstance(found, Unknown):
                newest[part.topic] = found
            elif found is not None and not isinstance(before, Unknown):
                newest[part.topic] = max(before or 0.0, found)
    return newest


def _time(answer: Future[ListOffsetsResultInfo]) -> float | None:
    """When the newest record of a partition was written; None when there is none.

    Raises:
        KafkaException: The broker does not tell.
    """
    if offset_in(answer) < 0:
        return None
    milliseconds: int = answer.result().timestamp
    return milliseconds / 1000
