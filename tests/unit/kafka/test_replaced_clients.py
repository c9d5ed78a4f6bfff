"""The batched consumer replaces its clients: after a topic was recreated, and at a standstill."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.kafka import consumer as module
from pipeline.kafka import standstill
from pipeline.kafka.client import new_consumer
from pipeline.kafka.closing import close
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.standstill import Standstill
from pipeline.model.reading import Last, Reset
from tests.idle import eventually

from .mock_cluster import TOPIC, Cluster, nothing_until, read


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The clients that consumers make."""
    made: list[Any] = []

    def noted(*given: Any) -> Any:
        made.append(new_consumer(*given))
        return made[-1]

    monkeypatch.setattr(module, "new_consumer", noted)
    return made


@pytest.fixture
def looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Consumers soon notice a standstill; one that is only slow may be replaced as well."""
    monkeypatch.setattr(standstill, "LOOK_SECONDS", 0.2)


class Looks:
    """Counts how often a consumer asks for the ends of its partitions."""

    def __init__(self, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        ask = cluster.list_offsets

        def counted(*parts: Any, **how: Any) -> Any:
            self.count += 1
            return ask(*parts, **how)

        monkeypatch.setattr(cluster, "list_offsets", counted)

    def some_more(self) -> Callable[[], bool]:
        """Return what says whether it has looked several times since now."""
        enough = self.count + 8
        return lambda: self.count >= enough


@pytest.mark.usefixtures("looks_often")
def test_a_client_that_does_not_fetch_a_partition_is_replaced(
    cluster: Cluster, clients: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As librdkafka does after a topic was recreated or a broker was away, without an error."""
    cluster.partitions = 2
    cluster.put(1, 2)
    cluster.put(3, partition=1)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        assert sorted(read(consumer, 3)) == [1, 2, 3]
        before = len(clients)
        clients[-1].pause([TopicPartition(TOPIC, 1)])
        cluster.put(4)
        cluster.put(5, partition=1)
        assert sorted(read(consumer, 2)) == [4, 5], "it goes on where the old one was"
        assert len(clients) > before
        kept = clients[-1]
        looked = Looks(cluster, monkeypatch).some_more()
        nothing_until(consumer, looked)
        assert clients[-1] is kept, "one that has read everything is kept"
        assert consumer.lag() == 0


@pytest.mark.usefixtures("looks_often")
def test_a_client_whose_records_are_not_taken_is_kept(
    cluster: Cluster, clients: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.put(1, 2, 3)
    looks = Looks(cluster, monkeypatch)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        eventually(lambda: consumer.poll(0, timeout=0.0) or consumer.found)
        looked = looks.some_more()
        eventually(lambda: consumer.poll(0, timeout=0.0) or looked())
        assert read(consumer, 3) == [1, 2, 3]
        assert len(clients) == 1


def test_a_slow_client_gets_more_time() -> None:
    still = Standstill()
    key = (TOPIC, 0)
    assert not still.found({key: 3}, {key: 5}, waited=True), "the first look"
    assert not still.found({key: 3}, {key: 5}, waited=False)
    assert not still.found({key: 3}, {}, waited=True), "the end is not known"
    assert not still.found({key: 3}, {key: 5}, waited=True)
    before = still.seconds
    for times in (2, 4):
        assert still.found({key: 3}, {key: 6}, waited=True)
        assert still.seconds == before * times
    assert not still.found({key: 4}, {key: 6}, waited=True)
    assert still.seconds == before


def test_a_recreated_topic_is_read_from_its_beginning(cluster: Cluster, clients: list[Any]) -> None:
    cluster.put(1, 2, 3)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.LATEST) as consumer:
        nothing_until(consumer, lambda: consumer.found)
        assert not consumer.take_recreated()
        cluster.topic_id = "second"
        assert read(consumer, 3) == [1, 2, 3]
        assert consumer.take_recreated()
        assert not consumer.take_recreated()
        assert len(clients) == 2, "the old one would remember the deleted topic"


def test_all_topics_are_read_again_when_one_is_recreated(cluster: Cluster) -> None:
    """Who shows their rows forgets all of them then."""
    cluster.put(1, 2, 3)
    cluster.put(4, 5, topic="others")
    with BatchConsumer(cluster.kafka, (TOPIC, "others"), Last(2)) as consumer:
        assert sorted(read(consumer, 4)) == [2, 3, 4, 5]
        cluster.ids[TOPIC] = "second"
        assert sorted(read(consumer, 5)) == [1, 2, 3, 4, 5]
        assert consumer.take_recreated()
        cluster.put(6)
        cluster.put(7, topic="others")
        assert sorted(read(consumer, 2)) == [6, 7]
        assert consumer.lag() == 0
        assert not consumer.take_recreated()


class NeverClosed:
    """A client whose end is waited for in vain, as librdkafka's sometimes is."""

    def __init__(self, client: Consumer, end: threading.Event) -> None:
        self._client = client
        self._end = end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def close(self) -> None:
        self._end.wait()
        self._client.close()


def test_a_client_that_cannot_be_closed_stops_nothing(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    end = threading.Event()
    monkeypatch.setattr(
        module, "new_consumer", lambda *given: NeverClosed(new_consumer(*given), end)
    )
    monkeypatch.setattr(
        module, "close", lambda client, patience=0.1: close(client, patience=patience)
    )
    cluster.put(1, 2, 3)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        assert read(consumer, 3) == [1, 2, 3]
        cluster.topic_id = "second"
        assert read(consumer, 3) == [1, 2, 3]
        assert "has not ended" not in caplog.text
    assert "has not ended within 0.1 s" in caplog.text
    end.set()
    eventually(lambda: not any(each.name == "fraudwatch-closing" for each in threading.enumerate()))


def test_a_client_that_gets_no_answer_is_replaced(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.put(1)
    silent: Future[Any] = Future()
    silent.set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))
    stuck = SimpleNamespace(describe_topics=lambda *_, **__: {TOPIC: silent})
    clients = iter([stuck, cluster])
    monkeypatch.setattr(module, "AdminClient", lambda _: next(clients))
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        assert read(consumer, 1) == [1]
