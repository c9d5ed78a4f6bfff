"""If a broker does not answer a request, the figure is unknown, and the command succeeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Final

import pytest
from confluent_kafka import OFFSET_INVALID, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from pipeline.checks.limits import Limits, Readings, measure
from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.kafka import newest, topics
from pipeline.kafka.client import reporting
from pipeline.kafka.given import OTHER_VERSION, Unknown, given
from pipeline.model.reading import Last

KAFKA: Final = KafkaSettings(bootstrap="somewhere:9092")
TOPIC: Final = "transaction"
NO_RECORD: Final = -1


def refused(code: int) -> KafkaException:
    return KafkaException(KafkaError(code))


def answer(what: object) -> Future[Any]:
    future: Future[Any] = Future()
    if isinstance(what, Exception):
        future.set_exception(what)
    else:
        future.set_result(what)
    return future


@dataclass
class Broker:
    """Answers as a broker of some version does.

    Attributes:
        leaders: Leaders of the partitions of each topic, by partition; -1 for none.
        records: Timestamps of the records of each partition.
        newest: Its answer to a request for the newest timestamp, from a partition's timestamps.
        refusals: Topics whose offsets it does not return, with the error.
        settings: Its answer to a request for a topic's settings.
        unseen: Partitions whose newest record is that of an aborted transaction.
    """

    leaders: Mapping[str, Mapping[int, int]] = field(default_factory=lambda: {TOPIC: {0: 1}})
    records: Mapping[int, list[int]] = field(default_factory=dict)
    newest: Callable[[list[int]], object] = lambda times: since(times, max(times, default=0))
    refusals: Mapping[str, Exception] = field(default_factory=dict)
    settings: object = None
    unseen: frozenset[tuple[str, int]] = frozenset()
    asked: list[tuple[str, int]] = field(default_factory=list)

    def list_topics(self, **_: object) -> Any:
        known = {
            name: SimpleNamespace(
                topic=name,
                partitions={number: SimpleNamespace(leader=led) for number, led in parts.items()},
            )
            for name, parts in self.leaders.items()
        }
        return SimpleNamespace(topics=known)

    def list_offsets(
        self, specs: Mapping[TopicPartition, OffsetSpec], **_: object
    ) -> dict[TopicPartition, Future[Any]]:
        return {part: answer(self._told(part, spec)) for part, spec in specs.items()}

    def describe_configs(self, resources: list[Any], **_: object) -> dict[Any, Future[Any]]:
        return {resource: answer(self.settings) for resource in resources}

    def _told(self, part: TopicPartition, spec: OffsetSpec) -> object:
        self.asked.append((part.topic, part.partition))
        times = self.records.get(part.partition, [])
        if part.topic in self.refusals:
            return self.refusals[part.topic]
        if isinstance(spec, type(OffsetSpec.max_timestamp())):
            return self.newest(times)
        if isinstance(spec, type(OffsetSpec.earliest())):
            return offset_info(0, NO_RECORD)
        if isinstance(spec, type(OffsetSpec.latest())):
            return offset_info(len(times), NO_RECORD)
        return since(times, spec.timestamp)


def offset_info(offset: int, timestamp: int) -> object:
    return SimpleNamespace(offset=offset, timestamp=timestamp)


def since(times: list[int], moment: int) -> object:
    """The first record at a time or later."""
    found = next(((n, at) for n, at in enumerate(times) if at >= moment), (NO_RECORD, NO_RECORD))
    return offset_info(*found)


@pytest.fixture
def speaking(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Broker]:
    """Make every client connect to such a broker."""

    def speak(**how: Any) -> Broker:
        broker = Broker(**how)
        for module in (newest, topics):
            monkeypatch.setattr(module, "AdminClient", lambda _: broker)
        monkeypatch.setattr(newest, "visible", lambda _, offsets: offsets.keys() - broker.unseen)
        return broker

    return speak


@pytest.mark.parametrize(
    "code",
    [
        KafkaError._UNSUPPORTED_FEATURE,
        KafkaError.UNSUPPORTED_VERSION,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
    ],
)
def test_a_figure_without_an_answer_is_unknown(speaking: Callable[..., Broker], code: int) -> None:
    def ask() -> int:
        raise refused(code)

    unknown = given(ask)
    assert isinstance(unknown, Unknown)
    speaking(
        leaders={TOPIC: {0: 1}, "other": {0: 1}},
        records={0: [5, 7]},
        refusals={"other": refused(code)},
        settings=refused(code),
    )
    assert newest.newest_timestamps(KAFKA, [TOPIC, "other"]) == {TOPIC: 0.007, "other": unknown}
    other, transactions = topics.list_topics(KAFKA)
    assert (other.name, other.offsets, other.width) == ("other", None, 1)
    assert (transactions.name, transactions.offsets) == (TOPIC, 2)
    assert topics.is_compacted(KAFKA, TOPIC) is False


def test_what_is_wrong_otherwise_is_an_error(speaking: Callable[..., Broker]) -> None:
    away = refused(KafkaError._TRANSPORT)
    speaking(refusals={TOPIC: away}, settings=away)
    for ask in (
        lambda: newest.newest_timestamps(KAFKA, [TOPIC]),
        lambda: topics.list_topics(KAFKA),
        lambda: topics.is_compacted(KAFKA, TOPIC),
    ):
        with pytest.raises(UnavailableError, match="somewhere:9092"):
            ask()


def test_an_answer_without_an_offset_is_none(speaking: Callable[..., Broker]) -> None:
    """The client returns it without an error if it has no broker to ask."""
    speaking(newest=lambda _: offset_info(OFFSET_INVALID, NO_RECORD), records={0: [1]})
    assert newest.newest_timestamps(KAFKA, [TOPIC]) == {TOPIC: OTHER_VERSION}


def oldest(times: list[int]) -> object:
    """Kafka 2 understands the request as one for the oldest record."""
    return since(times, NO_RECORD)


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ([], None),
        ([5_000], 5.0),
        ([5_000, 5_000], 5.0),
        ([5_000, 3_000], 5.0),
        ([3_000, 5_000], OTHER_VERSION),
        ([3_000, 9_000, 5_000], OTHER_VERSION),
    ],
)
def test_the_oldest_record_is_not_taken_for_the_newest(
    speaking: Callable[..., Broker], times: list[int], found: object
) -> None:
    speaking(records={0: times}, newest=oldest)
    assert newest.newest_timestamps(KAFKA, [TOPIC]) == {TOPIC: found}


@pytest.mark.parametrize(
    ("times", "found"),
    [
        ([], None),
        ([5_000], 5.0),
        ([3_000, 5_000], 5.0),
        ([5_000, 3_000], 5.0),
        ([3_000, 9_000, 5_000], 9.0),
    ],
)
def test_a_kafka_that_understands_is_believed(
    speaking: Callable[..., Broker], times: list[int], found: object
) -> None:
    speaking(records={0: times})
    assert newest.newest_timestamps(KAFKA, [TOPIC, "nowhere"]) == {TOPIC: found, "nowhere": None}


def test_a_topic_whose_records_are_all_in_a_remote_store_is_read(
    speaking: Callable[..., Broker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for the newest timestamp, Kafka finds none, as it looks only at the local log."""
    asked: list[object] = []

    def read(*what: object, start: Last) -> Iterator[list[object]]:
        asked.append((*what, start.count > 1))
        yield [SimpleNamespace(timestamp_ms=at) for at in (3_000, 9_000)]
        yield [SimpleNamespace(timestamp_ms=5_000)]

    monkeypatch.setattr(newest, "read_to_end", read)
    speaking(records={0: [3_000, 9_000, 5_000]}, newest=lambda _: since([], 0))
    assert newest.newest_timestamps(KAFKA, [TOPIC]) == {TOPIC: 9.0}
    assert asked == [(KAFKA, TOPIC, True)]
    speaking(records={0: []}, newest=lambda _: since([], 0))
    assert newest.newest_timestamps(KAFKA, [TOPIC]) == {TOPIC: None}
    assert len(asked) == 1


def test_the_newest_record_that_nobody_sees_has_no_age(
    speaking: Callable[..., Broker], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is of an aborted transaction, so the last records are read."""
    read = [SimpleNamespace(timestamp_ms=3_000)]
    monkeypatch.setattr(newest, "read_to_end", lambda *_, start: iter([read]))
    leaders = {TOPIC: {0: 1, 1: 1}}
    records = {0: [3_000, 9_000], 1: [4_000]}
    speaking(leaders=leaders, records=records, unseen=frozenset({(TOPIC, 0)}))
    assert newest.newest_timestamps(KAFKA, [TOPIC]) == {TOPIC: 3.0}
    # Only the newest record matters.
    speaking(leaders=leaders, records=records, unseen=frozenset({(TOPIC, 1)}))
    assert newest.newest_timestamps(KAFKA, [TOPIC]) == {TOPIC: 9.0}
    read.clear()
    speaking(records={0: [3_000]}, unseen=frozenset({(TOPIC, 0)}))
    assert newest.newest_timestamps(KAFKA, [TOPIC]) == {TOPIC: None}


def test_partitions_without_a_leader_are_not_asked(speaking: Callable[..., Broker]) -> None:
    broker = speaking(leaders={TOPIC: {0: -1, 1: 1}, "lost": {0: -1}}, records={1: [4_000, 6_000]})
    found = newest.newest_timestamps(KAFKA, [TOPIC, "lost"])
    assert found == {TOPIC: 6.0, "lost": Unknown("none of its partitions has a leader")}
    assert set(broker.asked) == {(TOPIC, 1)}


def test_an_unknown_age_is_said_to_be_unknown_and_holds_no_limit() -> None:
    readings = Readings(ages={TOPIC: OTHER_VERSION})
    for limit, holds in ((None, None), (60.0, False)):
        found = next(one for one in measure(readings, Limits(age=limit)) if one.check == "age")
        assert (found.value, found.holds) == (None, holds)
        assert found.said.startswith("not known: this version of Kafka does not report it")


def test_a_client_that_gives_up_says_why() -> None:
    """The library raises the cause, and Python another error, since a callback ran in between."""
    why = refused(KafkaError._UNSUPPORTED_FEATURE)
    with pytest.raises(UnavailableError, match="somewhere:9092"), reporting(KAFKA):
        raise SystemError("returned a result with an exception set") from why
    with pytest.raises(UnavailableError, match="has failed and cannot recover"), reporting(KAFKA):
        raise SystemError("<method 'flush'> returned NULL without setting an exception")
    with pytest.raises(SystemError), reporting(KAFKA):
        raise SystemError("something else")
