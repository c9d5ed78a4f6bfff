"""The batched consumer and the bounded read, against librdkafka's in-process mock cluster."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec

from pipeline.config import KafkaSettings
from pipeline.contract import TRANSACTION_TOPIC
from pipeline.kafka import consumer as module
from pipeline.kafka import standstill
from pipeline.kafka.client import client_config, new_consumer
from pipeline.kafka.closing import close
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.standstill import Standstill
from pipeline.kafka.topics import list_topics
from pipeline.model import Last, Reset, Start
from tests.idle import DEADLINE_SECONDS, eventually
from tui.streams.kafka_source import KafkaSource
from tui.streams.quarantined import BadRow

TOPIC = "numbers"
LEADER = SimpleNamespace(id=1)


class Cluster:
    """Topics with records, and the answers to requests about them."""

    def __init__(self) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": "ignored",
                "test.mock.num.brokers": 1,
                "logger": logging.getLogger("mock"),
            }
        )
        brokers = self._producer.list_topics(timeout=DEADLINE_SECONDS).brokers.values()
        addresses = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self.kafka = KafkaSettings(bootstrap=addresses)
        self.topic_id: str | None = "first"
        self.ids: dict[str, str] = {}
        self.partitions = 1
        self.leaderless: set[int] = set()
        self.list_offsets = AdminClient(client_config(self.kafka)).list_offsets

    def put(self, *values: int, topic: str = TOPIC, partition: int = 0) -> None:
        for value in values:
            self._producer.produce(topic, b"%d" % value, partition=partition)
        assert self._producer.flush(DEADLINE_SECONDS) == 0

    def describe_topics(self, topics: Any, **_: Any) -> dict[str, Future[Any]]:
        answer: Future[Any] = Future()
        if self.topic_id is None:
            answer.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        else:
            partitions = [
                SimpleNamespace(id=number, leader=None if number in self.leaderless else LEADER)
                for number in range(self.partitions)
            ]
            answer.set_result(SimpleNamespace(topic_id=self.topic_id, partitions=partitions))
        answers = dict.fromkeys(topics.topic_names, answer)
        for name, topic_id in self.ids.items():
            answers[name] = Future()
            answers[name].set_result(SimpleNamespace(topic_id=topic_id, partitions=partitions))
        return answers


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The mock cluster has no topic ids, so the test sets them."""
    cluster = Cluster()
    monkeypatch.setattr(module, "AdminClient", lambda _: cluster)
    monkeypatch.setattr(module, "LOOK_AGAIN_SECONDS", 0.0)
    yield cluster


def read(consumer: BatchConsumer, count: int) -> list[int]:
    """Read this many records, or those that arrived before a timeout."""
    found: list[int] = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found += [int(record.value or b"") for record in consumer.poll(timeout=0.1)]
        if len(found) >= count:
            break
    return found


@pytest.mark.parametrize(
    ("start", "expected"),
    [(Reset.EARLIEST, [1, 2, 3, 4, 5]), (Last(2), [4, 5]), (Last(50), [1, 2, 3, 4, 5])],
)
def test_it_begins_where_it_is_told(cluster: Cluster, start: Start, expected: list[int]) -> None:
    cluster.put(1, 2, 3, 4, 5)
    with BatchConsumer(cluster.kafka, (TOPIC,), start) as consumer:
        assert read(consumer, len(expected)) == expected
        assert consumer.lag() == 0
        assert consumer.error == ""


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The clients that consumers make, which look often whether they stand still."""
    made: list[Any] = []

    def noted(*given: Any) -> Any:
        made.append(new_consumer(*given))
        return made[-1]

    monkeypatch.setattr(module, "new_consumer", noted)
    monkeypatch.setattr(standstill, "LOOK_SECONDS", 0.2)
    return made


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


def test_a_client_that_does_not_fetch_a_partition_is_replaced(
    cluster: Cluster, clients: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As librdkafka does after a topic was recreated or a broker was away, without an error."""
    cluster.partitions = 2
    cluster.put(1, 2)
    cluster.put(3, partition=1)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        assert sorted(read(consumer, 3)) == [1, 2, 3]
        clients[0].pause([TopicPartition(TOPIC, 1)])
        cluster.put(4)
        cluster.put(5, partition=1)
        assert sorted(read(consumer, 2)) == [4, 5], "it goes on where the old one was"
        assert len(clients) == 2
        looked = Looks(cluster, monkeypatch).some_more()
        nothing_until(consumer, looked)
        assert len(clients) == 2, "one that has read everything is kept"
        assert consumer.lag() == 0


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


def test_the_last_records_are_of_all_partitions(cluster: Cluster) -> None:
    cluster.partitions = 2
    cluster.put(1, 2, 3)
    cluster.put(4, 5, 6, partition=1)
    with BatchConsumer(cluster.kafka, (TOPIC,), Last(4)) as consumer:
        assert sorted(read(consumer, 4)) == [2, 3, 5, 6]


def test_a_partition_without_a_leader_does_not_hold_up_the_others(cluster: Cluster) -> None:
    cluster.partitions, cluster.leaderless = 2, {1}
    cluster.put(1, 2)
    cluster.put(3, partition=1)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        assert read(consumer, 2) == [1, 2]
        cluster.leaderless.clear()
        assert read(consumer, 1) == [3]


def test_all_partitions_are_asked_for_at_once(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.partitions = 4
    cluster.put(1)
    cluster.put(2, topic="others")
    ask = cluster.list_offsets
    asked: list[int] = []

    def noted(parts: dict[TopicPartition, OffsetSpec], **how: Any) -> dict[Any, Future[Any]]:
        asked.append(len(parts))
        found: dict[Any, Future[Any]] = ask(parts, **how)
        return found

    monkeypatch.setattr(cluster, "list_offsets", noted)
    with BatchConsumer(cluster.kafka, (TOPIC, "others"), Reset.EARLIEST) as consumer:
        assert sorted(read(consumer, 2)) == [1, 2]
    # The beginning and the end offsets.
    assert asked[:2] == [8, 8]
    assert set(asked) == {8}


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (KafkaError.TOPIC_AUTHORIZATION_FAILED, "Topic authorization failed"),
        # Requested again at once, since the error is temporary.
        (KafkaError.LEADER_NOT_AVAILABLE, ""),
    ],
)
def test_a_topic_without_end_offsets_does_not_delay_the_others(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, code: int, said: str
) -> None:
    cluster.put(1)
    cluster.put(2, topic="others")
    ask = cluster.list_offsets

    def refuse(parts: Any, **how: Any) -> dict[Any, Future[Any]]:
        refused: Future[Any] = Future()
        refused.set_exception(KafkaException(KafkaError(code)))
        answers = ask(parts, **how)
        return {part: refused if part.topic == TOPIC else answers[part] for part in answers}

    with BatchConsumer(cluster.kafka, (TOPIC, "others"), Reset.EARLIEST) as consumer:
        with monkeypatch.context() as patch:
            patch.setattr(cluster, "list_offsets", refuse)
            consumer.poll(0, timeout=0.1)
            assert (consumer.found, consumer.error) == (True, said)
        assert sorted(read(consumer, 2)) == [1, 2]


def test_lag_counts_before_the_first_record_is_read(cluster: Cluster) -> None:
    cluster.put(1, 2, 3, 4, 5)
    with BatchConsumer(cluster.kafka, (TOPIC,), Last(3)) as consumer:
        first = consumer.poll(1, timeout=0.0)
        assert consumer.lag() == 3 - len(first)


def nothing_until(consumer: BatchConsumer, condition: Callable[[], object]) -> None:
    """Poll without a record until a condition holds."""

    def polled() -> object:
        assert consumer.poll(timeout=0.1) == []
        return condition()

    eventually(polled)


def test_latest_begins_at_the_end(cluster: Cluster) -> None:
    cluster.put(1, 2, 3)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.LATEST) as consumer:
        nothing_until(consumer, lambda: consumer.found)
        cluster.put(4)
        assert read(consumer, 1) == [4]


def test_a_topic_that_appears_later_is_read_from_its_beginning(cluster: Cluster) -> None:
    cluster.topic_id = None
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.LATEST) as consumer:
        nothing_until(consumer, lambda: consumer.missing)
        assert consumer.error == ""
        cluster.put(1, 2, 3)
        cluster.topic_id = "first"
        assert read(consumer, 3) == [1, 2, 3]


def test_it_tells_whether_there_is_such_a_topic(cluster: Cluster) -> None:
    cluster.topic_id = None
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.LATEST) as consumer:
        assert (consumer.found, consumer.missing) == (False, frozenset())
        nothing_until(consumer, lambda: consumer.missing)
        assert (consumer.found, consumer.missing) == (False, frozenset({TOPIC}))
        cluster.put(1)
        cluster.topic_id = "first"
        assert read(consumer, 1) == [1]
        assert (consumer.found, consumer.missing) == (True, frozenset())


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


def test_an_error_of_kafka_is_reported_until_it_answers(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster.put(1)
    refused: Future[Any] = Future()
    refused.set_exception(KafkaException(KafkaError(KafkaError._TIMED_OUT)))
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        with monkeypatch.context() as patch:
            patch.setattr(cluster, "describe_topics", lambda *_, **__: {TOPIC: refused})
            assert consumer.poll(timeout=0.0) == []
            assert consumer.error == "no answer in time"
        assert read(consumer, 1) == [1]
        assert consumer.error == ""


def test_a_bounded_read_ends_at_the_end_or_at_given_offsets(cluster: Cluster) -> None:
    cluster.put(1, 2, 3, 4, 5)

    def values(ends: dict[int, int] | None) -> list[int]:
        batches = read_to_end(cluster.kafka, TOPIC, ends=ends)
        return [int(record.value or b"") for batch in batches for record in batch]

    assert values(None) == [1, 2, 3, 4, 5]
    assert values({0: 3}) == [1, 2, 3]
    assert values({0: 0}) == []


def test_the_past_ends_with_the_last_record_that_was_there(cluster: Cluster) -> None:
    cluster.put(1, 2, 3)
    with BatchConsumer(cluster.kafka, (TOPIC,), Reset.EARLIEST) as consumer:
        assert not consumer.has_read_the_past()
        assert read(consumer, 3) == [1, 2, 3]
        assert consumer.has_read_the_past()


def test_a_backlog_is_the_past_to_its_last_record(cluster: Cluster) -> None:
    """Also if it has fewer than a thousand records, which once counted as a rate."""
    cluster.put(*range(900), topic=TRANSACTION_TOPIC)
    source = KafkaSource(cluster.kafka, [])
    try:
        for count, past in ((900, True), (1, False)):
            found: list[BadRow] = []
            for _ in range(600):
                batch = source.poll()
                if batch.quarantined:
                    assert batch.past is past
                    found += batch.quarantined
                if len(found) == count:
                    break
            assert len(found) == count
            cluster.put(1, topic=TRANSACTION_TOPIC)
    finally:
        source.close()


def test_what_is_read_again_is_the_past(cluster: Cluster) -> None:
    """It would look like a burst of new records."""
    cluster.put(*range(900), topic=TRANSACTION_TOPIC)
    source = KafkaSource(cluster.kafka, [])

    def read_to(count: int) -> list[bool]:
        """Read this many records; whether those of each poll were of the past."""
        found, past = 0, []
        for _ in range(600):
            batch = source.poll()
            if batch.quarantined:
                past.append(batch.past)
                found += len(batch.quarantined)
            if found >= count:
                break
        assert found == count
        return past

    try:
        assert all(read_to(900))
        cluster.put(1, topic=TRANSACTION_TOPIC)
        assert read_to(1) == [False]
        cluster.ids[TRANSACTION_TOPIC] = "second"
        assert all(read_to(901))
    finally:
        source.close()


def test_only_kafkas_own_topics_are_left_out(cluster: Cluster) -> None:
    for topic in ("__raw_tx", "plain", "__consumer_offsets"):
        cluster.put(1, topic=topic)
    assert [topic.name for topic in list_topics(cluster.kafka)] == ["__raw_tx", "plain"]
    every = [topic.name for topic in list_topics(cluster.kafka, kafkas_own=True)]
    assert every == ["__consumer_offsets", "__raw_tx", "plain"]
