"""The batched consumer and the bounded read, against librdkafka's in-process mock cluster."""

from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import OffsetSpec

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.topics import list_topics
from pipeline.model.reading import Last, Reset, Start
from tui.streams.kafka_source import KafkaSource
from tui.streams.quarantined import BadRow

from .mock_cluster import TOPIC, Cluster, nothing_until, read


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
