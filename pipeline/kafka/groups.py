"""The offsets that the jobs' consumer groups have committed."""

from __future__ import annotations

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings

from .client import REQUEST_SECONDS, client_config, reporting, unavailable, with_retries
from .closing import close, leave_open


def committed(kafka: KafkaSettings, group: str, topic: str) -> dict[int, int]:
    """Return the committed offset of a group by partition.

    Raises:
        UnavailableError: Kafka cannot be reached, or has no such topic.
    """
    consumer = Consumer(client_config(kafka) | {"group.id": group})
    try:
        with reporting(kafka):
            known = consumer.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]
            if known.error is not None:
                raise unavailable(kafka, known.error)
            parts = [TopicPartition(topic, number) for number in known.partitions]
            found = with_retries(lambda: consumer.committed(parts, timeout=REQUEST_SECONDS))
            return {part.partition: part.offset for part in found if part.offset >= 0}
    finally:
        close(consumer)


def forget(kafka: KafkaSettings, group: str) -> None:
    """Delete a group's committed offsets; does nothing where that is not allowed.

    Otherwise `verify`, in the first seconds of a job that starts without state, would count what an
    earlier run has read.
    """
    admin = AdminClient(client_config(kafka))
    deleted = admin.delete_consumer_groups([group], request_timeout=REQUEST_SECONDS)
    if any(_unknown(each.exception()) for each in deleted.values()):
        leave_open(admin)


def _unknown(error: BaseException | None) -> bool:
    """Whether the broker does not know a request."""
    return (
        isinstance(error, KafkaException)
        and error.args[0].code() == KafkaError._UNSUPPORTED_FEATURE
    )
