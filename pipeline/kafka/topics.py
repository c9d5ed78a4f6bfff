"""Topics: creating, emptying, listing, and how far event time has come in one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec

from pipeline import schema
from pipeline.config import KafkaSettings
from pipeline.errors import InputError, UnavailableError

from .client import REQUEST_SECONDS, client_config, reporting, unavailable
from .quarantine import sort_out
from .records import Record

T = TypeVar("T")

_POLL_SECONDS: Final = 0.1
_NOT_READY: Final = (
    KafkaError.NOT_COORDINATOR,
    KafkaError.COORDINATOR_NOT_AVAILABLE,
    KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    # A topic that was made a moment ago.
    KafkaError.NOT_LEADER_FOR_PARTITION,
    KafkaError.LEADER_NOT_AVAILABLE,
)
_LAST_RECORDS: Final = 50
_SMALLEST_SEGMENT: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class PartitionInfo:
    """One partition: records from offset `earliest` up to, not including, `latest`."""

    partition: int
    earliest: int
    latest: int


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """One topic."""

    name: str
    partitions: tuple[PartitionInfo, ...]

    @property
    def records(self) -> int:
        """How many records it holds, counting transaction markers and gaps."""
        return sum(part.latest - part.earliest for part in self.partitions)


def create_topics(
    kafka: KafkaSettings,
    names: Iterable[str],
    *,
    retention_bytes: int,
) -> None:
    """Create the topics that are not there yet.

    Args:
        kafka: Where Kafka is, and how to get in.
        names: Of the topics, as they are called there.
        retention_bytes: Size at which a partition loses its oldest records.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    options = {
        "retention.bytes": str(retention_bytes),
        # Old event times are no reason to delete; size is.
        "retention.ms": "-1",
        # Whole segments are deleted, so that a bound needs several of them.
        "segment.bytes": str(max(retention_bytes // 4, _SMALLEST_SEGMENT)),
    }
    wanted = [NewTopic(name, kafka.partitions, kafka.replication, config=options) for name in names]
    with reporting(kafka):
        # The client has to outlive its answers.
        admin = _admin(kafka)
        answers = admin.create_topics(wanted, request_timeout=REQUEST_SECONDS)
        _await(answers.values(), accepted=KafkaError.TOPIC_ALREADY_EXISTS)


def delete_topics(kafka: KafkaSettings, names: Iterable[str]) -> None:
    """Delete topics and wait until they are gone; one that is not there is fine.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    names = list(names)
    admin = _admin(kafka)
    with reporting(kafka):
        answers = admin.delete_topics(names, request_timeout=REQUEST_SECONDS)
        _await(answers.values(), accepted=KafkaError.UNKNOWN_TOPIC_OR_PART)
        deadline = time.monotonic() + REQUEST_SECONDS
        while not admin.list_topics(timeout=REQUEST_SECONDS).topics.keys().isdisjoint(names):
            if time.monotonic() > deadline:
                raise UnavailableError("Kafka does not delete the topics.", "Try again.")
            time.sleep(0.05)


def list_topics(kafka: KafkaSettings) -> list[TopicInfo]:
    """All topics but Kafka's own, by name.

    Raises:
        UnavailableError: Kafka cannot be reached.
    """
    admin = _admin(kafka)
    with reporting(kafka):
        known = admin.list_topics(timeout=REQUEST_SECONDS).topics
        parts = [
            TopicPartition(name, number)
            for name, topic in known.items()
            if not name.startswith("__")
            for number in topic.partitions
        ]
        earliest = _patiently(lambda: _offsets(admin, parts, OffsetSpec.earliest()))
        latest = _patiently(lambda: _offsets(admin, parts, OffsetSpec.latest()))
    found: dict[str, list[PartitionInfo]] = {}
    for part in sorted(earliest):
        topic, number = part
        found.setdefault(topic, []).append(PartitionInfo(number, earliest[part], latest[part]))
    return [TopicInfo(name, tuple(partitions)) for name, partitions in sorted(found.items())]


def require_topics(kafka: KafkaSettings, names: Iterable[str]) -> None:
    """Return when there are topics of these names.

    Raises:
        InputError: One is not there.
        UnavailableError: Kafka cannot be reached.
    """
    with reporting(kafka):
        known = _admin(kafka).list_topics(timeout=REQUEST_SECONDS).topics
    missing = [name for name in names if name not in known]
    if missing:
        raise InputError(
            f"Kafka at {kafka.bootstrap} has no topic {' and no '.join(missing)}.",
            "`fraudwatch up` makes it, if the profile is a sandbox; else make it, or set "
            "topic_prefix or topics to what it is called.",
        )


def newest_event_time(kafka: KafkaSettings) -> datetime | None:
    """The newest event time among the last transactions; None when there are none.

    Several records of each partition are looked at, since the last may be out of order or damaged.

    Raises:
        UnavailableError: Kafka cannot be reached, or has no such topic.
    """
    transactions, _ = sort_out(_last_records(kafka, kafka.topic(schema.TRANSACTION_TOPIC)))
    return max((row.trans_date_trans_time for _, row in transactions), default=None)


def committed(kafka: KafkaSettings, group: str, topic: str) -> dict[int, int]:
    """How far a consumer group says it has read a topic: offset by partition.

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
            found = _patiently(lambda: consumer.committed(parts, timeout=REQUEST_SECONDS))
            return {part.partition: part.offset for part in found if part.offset >= 0}
    finally:
        consumer.close()


def _patiently(ask: Callable[[], T]) -> T:
    """Ask again while the broker is not ready, as in its and a topic's first seconds."""
    deadline = time.monotonic() + REQUEST_SECONDS
    while True:
        try:
            return ask()
        except KafkaException as error:
            if error.args[0].code() not in _NOT_READY or time.monotonic() > deadline:
                raise
            time.sleep(_POLL_SECONDS)


def _last_records(kafka: KafkaSettings, topic: str) -> list[Record]:
    consumer = Consumer(
        client_config(kafka)
        | {"group.id": "fraudwatch-look", "enable.auto.commit": False, "enable.partition.eof": True}
    )
    try:
        with reporting(kafka):
            known = consumer.list_topics(topic, timeout=REQUEST_SECONDS).topics[topic]
            if known.error is not None:
                raise unavailable(kafka, known.error)
            parts = []
            for number in known.partitions:
                low, high = consumer.get_watermark_offsets(
                    TopicPartition(topic, number), timeout=REQUEST_SECONDS
                )
                if high > low:
                    parts.append(TopicPartition(topic, number, max(low, high - _LAST_RECORDS)))
            return _read_to_end(consumer, parts)
    finally:
        consumer.close()


def _read_to_end(consumer: Consumer, parts: list[TopicPartition]) -> list[Record]:
    records = []
    consumer.assign(parts)
    open_parts = len(parts)
    deadline = time.monotonic() + REQUEST_SECONDS
    while open_parts and time.monotonic() < deadline:
        for message in consumer.consume(1000, timeout=0.5):
            error = message.error()
            if error is None:
                records.append(Record.of(message))
            elif error.code() == KafkaError._PARTITION_EOF:
                open_parts -= 1
            else:
                raise KafkaException(error)
    return records


def _admin(kafka: KafkaSettings) -> AdminClient:
    return AdminClient(client_config(kafka))


def _await(futures: Iterable[Future[Any]], accepted: int) -> None:
    for future in futures:
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != accepted:
                raise


def _offsets(
    admin: AdminClient, parts: list[TopicPartition], spec: OffsetSpec
) -> dict[tuple[str, int], int]:
    if not parts:
        return {}
    answers = admin.list_offsets(dict.fromkeys(parts, spec), request_timeout=REQUEST_SECONDS)
    return {
        (part.topic, part.partition): future.result().offset for part, future in answers.items()
    }
