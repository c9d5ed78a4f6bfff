"""Topics: create, delete, list, and find the newest event time."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import chain
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection, Uuid
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from pipeline.config import KafkaSettings
from pipeline.errors import InputError, UnavailableError
from pipeline.formats.decoders import decoder_of
from pipeline.model.reading import Last, Reset
from pipeline.sources import TRANSACTION, Source
from pipeline.text.words import counted

from .client import REQUEST_SECONDS, client_config, reporting, wait_for, with_retries
from .given import Unknown, given
from .leaders import leaderless, led
from .offsets import OffsetRequest
from .quarantine import validate_rows
from .read_to_end import read_to_end

_POLL_SECONDS: Final = 0.1
_LAST_RECORDS: Final = 1_000
_SMALLEST_SEGMENT: Final = 1024 * 1024
_NO_ID: Final = str(Uuid(0, 0))
_LONGEST_NAME: Final = 249
_RENAME: Final = "Change topic_prefix or topics of the profile's table `kafka`."
# By exact name: a similar name does not make a topic internal.
_KAFKAS_OWN: Final = frozenset(
    {"__consumer_offsets", "__transaction_state", "__share_group_state", "__cluster_metadata"}
)


@dataclass(frozen=True, slots=True)
class PartitionInfo:
    """One partition: records from offset `earliest` up to, not including, `latest`.

    The offsets are None where Kafka does not give them.
    """

    partition: int
    earliest: int | None
    latest: int | None


@dataclass(frozen=True, slots=True)
class TopicInfo:
    """One topic.

    Attributes:
        name: Name of the topic in Kafka.
        partitions: Partitions that have a leader.
        leaderless: Partitions that have none.
    """

    name: str
    partitions: tuple[PartitionInfo, ...]
    leaderless: tuple[int, ...] = ()

    @property
    def width(self) -> int:
        """Number of partitions, with a leader or without."""
        return len(self.partitions) + len(self.leaderless)

    @property
    def offsets(self) -> int | None:
        """Number of offsets from earliest to latest; None if unknown.

        There are at most so many records: transactions and compaction use offsets, too, and what
        they use is known only to who reads the topic.
        """
        total = 0
        for part in self.partitions:
            if part.earliest is None or part.latest is None:
                return None
            total += part.latest - part.earliest
        return total


def create_topics(
    kafka: KafkaSettings,
    names: Iterable[str],
    *,
    retention_bytes: int,
) -> None:
    """Create the topics that do not exist, and wait until they are listed.

    Args:
        kafka: The cluster and its credentials.
        names: Names of the topics in Kafka.
        retention_bytes: Size at which a partition loses its oldest records.

    Raises:
        InputError: A name is too long, or collides with another; then no topic is created.
        UnavailableError: Kafka cannot be reached or refuses.
    """
    names = list(names)
    options = {
        "retention.bytes": str(retention_bytes),
        # Delete by size, not by time: event times may be old.
        "retention.ms": "-1",
        # Only whole segments are deleted, so the limit has to span several.
        "segment.bytes": str(max(retention_bytes // 4, _SMALLEST_SEGMENT)),
    }
    wanted = [NewTopic(name, kafka.partitions, kafka.replication, config=options) for name in names]
    with reporting(kafka):
        # The client has to outlive its futures.
        admin = _admin(kafka)
        check_names(names, admin.list_topics(timeout=REQUEST_SECONDS).topics)
        answers = admin.create_topics(wanted, request_timeout=REQUEST_SECONDS)
        _await(answers.values(), accepted=KafkaError.TOPIC_ALREADY_EXISTS)
        # Brokers learn of new topics from the controller with a delay.
        deadline = time.monotonic() + REQUEST_SECONDS
        while not answers.keys() <= admin.list_topics(timeout=REQUEST_SECONDS).topics.keys():
            if time.monotonic() > deadline:
                raise UnavailableError("Kafka does not list the new topics yet.", "Try again.")
            time.sleep(0.05)


def check_names(names: Iterable[str], known: Iterable[str]) -> None:
    """Check the names of new topics.

    Args:
        names: Names of the topics to create.
        known: Names of the existing topics.

    Raises:
        InputError: A name is too long, or differs from another only in dots and underscores, which
            Kafka does not distinguish in its metrics.
    """
    alike: dict[str, str] = {}
    for name in (*known, *names):
        if len(name) > _LONGEST_NAME:
            raise InputError(
                f"The topic name {name[:40]}… has {counted(len(name), 'character')}, but Kafka "
                f"allows {_LONGEST_NAME}.",
                _RENAME,
            )
        other = alike.setdefault(name.replace(".", "_"), name)
        if other != name:
            raise InputError(
                f"Kafka refuses a topic {name} beside {other}: names that differ only in dots and "
                "underscores collide in its metrics.",
                _RENAME,
            )


def delete_topics(kafka: KafkaSettings, names: Iterable[str]) -> None:
    """Delete topics and wait until they are gone; missing ones are ignored.

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
                raise UnavailableError("Kafka has not deleted the topics yet.", "Try again.")
            time.sleep(0.05)


def list_topics(kafka: KafkaSettings, *, kafkas_own: bool = False) -> list[TopicInfo]:
    """Return the topics, sorted by name.

    Args:
        kafka: The cluster and its credentials.
        kafkas_own: Whether to include Kafka's internal topics.

    Raises:
        UnavailableError: Kafka cannot be reached.
    """
    admin = _admin(kafka)
    with reporting(kafka):

        def ask() -> list[TopicInfo]:
            # New metadata on each attempt: the client would keep asking the previous leader.
            known = admin.list_topics(timeout=REQUEST_SECONDS).topics
            wanted = {
                name: (led(topic), Reset.EARLIEST)
                for name, topic in sorted(known.items())
                if kafkas_own or name not in _KAFKAS_OWN
            }
            asked = OffsetRequest(admin, wanted, REQUEST_SECONDS)
            return [
                TopicInfo(name, _partitions(asked, name, numbers), leaderless(known[name]))
                for name, (numbers, _) in wanted.items()
            ]

        return with_retries(ask)


def topic_names(kafka: KafkaSettings) -> list[str]:
    """Return the names of all topics, including Kafka's internal ones.

    Raises:
        UnavailableError: Kafka cannot be reached.
    """
    with reporting(kafka):
        return sorted(_admin(kafka).list_topics(timeout=REQUEST_SECONDS).topics)


def topic_ids(kafka: KafkaSettings, names: Iterable[str]) -> dict[str, str]:
    """Return the ids of topics by name: a topic that is deleted and created again has another one.

    Missing are topics that do not exist, and all of them where Kafka gives no ids, as before 2.8.

    Raises:
        UnavailableError: Kafka cannot be reached.
    """
    admin = _admin(kafka)
    wanted = TopicCollection(list(names))
    with reporting(kafka):
        answers = admin.describe_topics(wanted, request_timeout=REQUEST_SECONDS)
        found = {name: given(partial(wait_for, answer)) for name, answer in answers.items()}
    ids = {name: str(at.topic_id) for name, at in found.items() if not isinstance(at, Unknown)}
    return {name: id for name, id in ids.items() if id != _NO_ID}


def require_topics(kafka: KafkaSettings, names: Iterable[str]) -> None:
    """Return if all of these topics exist.

    Raises:
        InputError: One does not exist.
        UnavailableError: Kafka cannot be reached.
    """
    with reporting(kafka):
        known = _admin(kafka).list_topics(timeout=REQUEST_SECONDS).topics
    missing = [name for name in names if name not in known]
    if missing:
        raise InputError(
            f"Kafka at {kafka.bootstrap} has no topic {' and no '.join(missing)}.",
            "`fraudwatch up` creates it in a sandbox; otherwise create it, or correct topic_prefix "
            "or topics.",
        )


def is_compacted(kafka: KafkaSettings, topic: str) -> bool:
    """Whether Kafka may remove records of a topic in favour of newer ones with the same key.

    False also where Kafka refuses to describe the topic.

    Raises:
        UnavailableError: Kafka cannot be reached.
    """
    admin = _admin(kafka)
    resource = ConfigResource(ResourceType.TOPIC, topic)
    with reporting(kafka):
        answers = admin.describe_configs([resource], request_timeout=REQUEST_SECONDS)
        settings = given(lambda: wait_for(answers[resource]))
    if isinstance(settings, Unknown) or "cleanup.policy" not in settings:
        return False
    return "compact" in (settings["cleanup.policy"].value or "")


def newest_event_time(kafka: KafkaSettings, source: Source = TRANSACTION) -> datetime | None:
    """Return the newest event time among the last records; None when there are none.

    Several records of each partition are read, since the last may be out of order or invalid.

    Args:
        kafka: The cluster and its credentials.
        source: The stream.

    Raises:
        UnavailableError: Kafka cannot be reached, or has no such topic.
    """
    topic = kafka.topic(source.topic)
    batches = read_to_end(kafka, topic, start=Last(_LAST_RECORDS), patience=REQUEST_SECONDS)
    rows, _ = validate_rows(chain.from_iterable(batches), decoder_of(source, kafka))
    return max((getattr(row, source.time) for _, row in rows), default=None)


def _partitions(asked: OffsetRequest, topic: str, numbers: list[int]) -> tuple[PartitionInfo, ...]:
    ranges = given(lambda: asked.of(topic))
    if isinstance(ranges, Unknown):
        return tuple(PartitionInfo(number, None, None) for number in numbers)
    return tuple(
        PartitionInfo(number, offsets.begin, offsets.end) for (_, number), offsets in ranges.items()
    )


def _admin(kafka: KafkaSettings) -> AdminClient:
    return AdminClient(client_config(kafka))


def _await(futures: Iterable[Future[Any]], accepted: int) -> None:
    for future in futures:
        try:
            wait_for(future)
        except KafkaException as error:
            if error.args[0].code() != accepted:
                raise
