"""When the newest record of a topic was written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from pipeline.config import KafkaSettings
from pipeline.model.reading import Last

from .client import REQUEST_SECONDS, client_config, reporting
from .given import OTHER_VERSION, Unknown, given
from .leaders import led
from .offsets import offset_in
from .read_to_end import read_to_end
from .visible import visible

_NO_LEADER: Final = Unknown("none of its partitions has a leader")
_ELSEWHERE: Final = Unknown("its newest records are in a remote store")
# The last offsets may be those of transaction markers.
_LAST_RECORDS: Final = 400


def newest_timestamps(
    kafka: KafkaSettings, names: Iterable[str]
) -> dict[str, float | Unknown | None]:
    """Return the newest Kafka timestamp of each topic.

    Kafka is asked for it, which takes no time however many records there are. But it counts
    records of aborted and of open transactions, which nobody sees, and of a tiered topic it looks
    only at what is not in its remote store alone. Then the last records are read.

    Args:
        kafka: The cluster and its credentials.
        names: Names of the topics.

    Returns:
        Seconds since the epoch by topic, in the order of the names; None for a topic that is empty
        or does not exist. Partitions without a leader are skipped; a topic without any leader is
        unknown, and so is every topic where Kafka is older than 3.0.

    Raises:
        UnavailableError: Kafka cannot be reached or refuses.
    """
    newest: dict[str, _Stamp | Unknown | None] = dict.fromkeys(names)
    with reporting(kafka):
        admin = AdminClient(client_config(kafka))
        topics = admin.list_topics(timeout=REQUEST_SECONDS).topics
        led_parts = [
            TopicPartition(name, number)
            for name in newest
            if name in topics
            for number in led(topics[name])
        ]
        asked = {part.topic for part in led_parts}
        newest |= {name: _NO_LEADER for name in newest if name in topics and name not in asked}
        for topic, found in _newest_of_each(admin, led_parts):
            before = newest[topic]
            if isinstance(found, Unknown):
                newest[topic] = found
            elif found is not None and not isinstance(before, Unknown):
                later = before is None or found.timestamp > before.timestamp
                newest[topic] = found if later else before
    stamps = {topic: found for topic, found in newest.items() if isinstance(found, _Stamp)}
    seen = visible(kafka, {(topic, at.partition): at.offset for topic, at in stamps.items()})

    def settled(topic: str, found: _Stamp | Unknown | None) -> float | Unknown | None:
        if isinstance(found, _Stamp) and (topic, found.partition) in seen:
            return found.timestamp / 1000
        if isinstance(found, _Stamp) or found is _ELSEWHERE:
            return _last_written(kafka, topic)
        return found

    return {topic: settled(topic, found) for topic, found in newest.items()}


def _last_written(kafka: KafkaSettings, topic: str) -> float | None:
    records = chain.from_iterable(read_to_end(kafka, topic, start=Last(_LAST_RECORDS)))
    newest = max((record.timestamp_ms for record in records), default=None)
    return None if newest is None else newest / 1000


def _newest_of_each(
    admin: AdminClient, parts: Sequence[TopicPartition]
) -> Iterator[tuple[str, _Stamp | Unknown | None]]:
    """Yield the topic of each partition and its record with the newest timestamp.

    Kafka before 3.0 does not know the request for the newest timestamp. Kafka 2 takes it for the
    first record since a moment long ago, and answers with the oldest record. So that one is
    requested, too. If both answers are the same record, either no later record exists, or Kafka is
    too old.
    """
    newest = _ask(admin, dict.fromkeys(parts, OffsetSpec.max_timestamp()))
    first = _ask(admin, dict.fromkeys(parts, OffsetSpec.for_timestamp(0)))
    doubted = {}
    for part in parts:
        found, oldest = newest(part), first(part)
        if isinstance(found, _Stamp) and found == oldest:
            doubted[part] = found
        elif found is None and isinstance(oldest, _Stamp):
            yield part.topic, _ELSEWHERE
        else:
            yield part.topic, found
    specs = {part: OffsetSpec.for_timestamp(at.timestamp + 1) for part, at in doubted.items()}
    later = _ask(admin, specs)
    for part, found in doubted.items():
        yield part.topic, found if later(part) is None else OTHER_VERSION


@dataclass(frozen=True, slots=True)
class _Stamp:
    """The place of a record in its topic, and its Kafka timestamp in milliseconds."""

    partition: int
    offset: int
    timestamp: int


def _ask(
    admin: AdminClient, specs: Mapping[TopicPartition, OffsetSpec]
) -> Callable[[TopicPartition], _Stamp | Unknown | None]:
    """Request one record per partition; the result waits for an answer, None for no record."""
    answers = admin.list_offsets(dict(specs), request_timeout=REQUEST_SECONDS) if specs else {}

    def take(part: TopicPartition) -> _Stamp | None:
        offset = offset_in(answers[part])
        at: int = answers[part].result().timestamp
        return _Stamp(part.partition, offset, at) if offset >= 0 else None

    return lambda part: given(lambda: take(part))
