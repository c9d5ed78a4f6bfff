"""The batched consumer and the bounded read, against librdkafka's own in-process cluster."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from pipeline.config import KafkaSettings
from pipeline.kafka import consumer as module
from pipeline.kafka.consumer import BatchConsumer, Edge, Last, Start, read_to_end

TOPIC = "numbers"


class Cluster:
    """One partition with records, and what it answers when asked for its topics."""

    def __init__(self) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": "ignored",
                "test.mock.num.brokers": 1,
                "logger": logging.getLogger("mock"),
            }
        )
        brokers = self._producer.list_topics(timeout=10).brokers.values()
        addresses = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self.kafka = KafkaSettings(bootstrap=addresses)
        self.topic_id: str | None = "first"

    def put(self, *values: int) -> None:
        for value in values:
            self._producer.produce(TOPIC, b"%d" % value, partition=0)
        assert self._producer.flush(10) == 0

    def describe_topics(self, topics: Any, **_: Any) -> dict[str, Future[Any]]:
        answer: Future[Any] = Future()
        if self.topic_id is None:
            answer.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        else:
            partitions = [SimpleNamespace(id=0)]
            answer.set_result(SimpleNamespace(topic_id=self.topic_id, partitions=partitions))
        return dict.fromkeys(topics.topic_names, answer)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The mock cluster knows no topic ids, so that those come from the test."""
    cluster = Cluster()
    monkeypatch.setattr(module, "AdminClient", lambda _: cluster)
    monkeypatch.setattr(module, "_LOOK_AGAIN_SECONDS", 0.0)
    yield cluster


def read(consumer: BatchConsumer, count: int) -> list[int]:
    """So many records, or what has come after a long while."""
    found: list[int] = []
    for _ in range(100):
        found += [int(record.value or b"") for record in consumer.poll(timeout=0.1)]
        if len(found) >= count:
            break
    return found


@pytest.mark.parametrize(
    ("start", "expected"),
    [(Edge.EARLIEST, [1, 2, 3, 4, 5]), (Last(2), [4, 5]), (Last(50), [1, 2, 3, 4, 5])],
)
def test_it_begins_where_it_is_told(cluster: Cluster, start: Start, expected: list[int]) -> None:
    cluster.put(1, 2, 3, 4, 5)
    with BatchConsumer(cluster.kafka, (TOPIC,), start) as consumer:
        assert read(consumer, len(expected)) == expected
        assert consumer.lag() == 0
        assert consumer.error == ""


def test_lag_counts_before_the_first_record_is_read(cluster: Cluster) -> None:
    cluster.put(1, 2, 3, 4, 5)
    with BatchConsumer(cluster.kafka, (TOPIC,), Last(3)) as consumer:
        first = consumer.poll(1, timeout=0.0)
        assert consumer.lag() == 3 - len(first)


def test_latest_begins_at_the_end(cluster: Cluster) -> None:
    cluster.put(1, 2, 3)
    with BatchConsumer(cluster.kafka, (TOPIC,), Edge.LATEST) as consumer:
        assert consumer.poll(timeout=0.1) == []
        cluster.put(4)
        assert read(consumer, 1) == [4]


def test_a_topic_that_appears_later_is_read_from_its_beginning(cluster: Cluster) -> None:
    cluster.topic_id = None
    with BatchConsumer(cluster.kafka, (TOPIC,), Edge.LATEST) as consumer:
        assert consumer.poll(timeout=0.1) == []
        assert consumer.error == ""
        cluster.put(1, 2, 3)
        cluster.topic_id = "first"
        assert read(consumer, 3) == [1, 2, 3]


def test_it_tells_whether_there_is_such_a_topic(cluster: Cluster) -> None:
    cluster.topic_id = None
    with BatchConsumer(cluster.kafka, (TOPIC,), Edge.LATEST) as consumer:
        assert (consumer.found, consumer.missing) == (False, frozenset())
        assert consumer.poll(timeout=0.1) == []
        assert (consumer.found, consumer.missing) == (False, {TOPIC})
        cluster.put(1)
        cluster.topic_id = "first"
        assert read(consumer, 1) == [1]
        assert (consumer.found, consumer.missing) == (True, frozenset())


def test_a_topic_made_anew_is_read_from_its_beginning(cluster: Cluster) -> None:
    cluster.put(1, 2, 3)
    with BatchConsumer(cluster.kafka, (TOPIC,), Edge.LATEST) as consumer:
        assert consumer.poll(timeout=0.1) == []
        assert not consumer.take_emptied()
        cluster.topic_id = "second"
        assert read(consumer, 3) == [1, 2, 3]
        assert consumer.take_emptied()
        assert not consumer.take_emptied()


def test_what_kafka_refuses_is_told_until_it_answers(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.put(1)
    refused: Future[Any] = Future()
    refused.set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT, "no answer")))
    with BatchConsumer(cluster.kafka, (TOPIC,), Edge.EARLIEST) as consumer:
        with monkeypatch.context() as patch:
            patch.setattr(cluster, "describe_topics", lambda *_, **__: {TOPIC: refused})
            assert consumer.poll(timeout=0.0) == []
            assert consumer.error == "no answer"
        assert read(consumer, 1) == [1]
        assert consumer.error == ""


def test_a_bounded_read_ends_at_the_end_or_where_it_is_told(cluster: Cluster) -> None:
    cluster.put(1, 2, 3, 4, 5)

    def values(ends: dict[int, int] | None) -> list[int]:
        batches = read_to_end(cluster.kafka, TOPIC, ends=ends)
        return [int(record.value or b"") for batch in batches for record in batch]

    assert values(None) == [1, 2, 3, 4, 5]
    assert values({0: 3}) == [1, 2, 3]
    assert values({0: 0}) == []
