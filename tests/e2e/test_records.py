"""Tailing topics of the real broker."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from confluent_kafka import Producer

from pipeline.config import KafkaSettings
from pipeline.kafka.client import client_config
from pipeline.kafka.topics import create_topics, delete_topics
from pipeline.model.reading import Last, Reset, Since, Start
from pipeline.stack.runtime import Runtime
from tui.streams.kafka_tails import KafkaTails
from tui.streams.tail_feed import TailFeed
from tui.table.filter import parse

from .conftest import in_order, wait_until

_BEGAN_MS = 1_700_000_000_000


class Topic:
    """A separate topic with four partitions, on the broker of this run."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.kafka = kafka
        self.name = f"records-{uuid.uuid4().hex}"
        self._producer = Producer(client_config(kafka) | in_order(kafka.bootstrap))
        self.create()

    def create(self) -> None:
        create_topics(self.kafka, [self.name], retention_bytes=1 << 28)

    def delete(self) -> None:
        delete_topics(self.kafka, [self.name])

    def put(self, numbers: range) -> None:
        """Write records a second apart."""
        for number in numbers:
            value = msgspec.json.encode({"number": number, "amt": number / 2})
            at = _BEGAN_MS + 1000 * number
            self._producer.produce(self.name, value, str(number).encode(), timestamp=at)
            self._producer.poll(0)
        assert self._producer.flush(20) == 0

    @contextmanager
    def tailing(self, start: Start, wanted: str = "") -> Iterator[TailFeed]:
        tails = KafkaTails(lambda: self.kafka.bootstrap, self.kafka)
        feed = TailFeed(tails, self.name, start, parse(wanted), time.time)
        feed.start()
        yield feed
        feed.stop()
        wait_until(lambda: not feed.running, 5, "the thread's end")


@pytest.fixture
def topic(running_stack: Runtime) -> Iterator[Topic]:
    topic = Topic(running_stack.kafka)
    yield topic
    topic.delete()


def keys(feed: TailFeed) -> list[int]:
    return [int(record.key or b"") for record in feed.snapshot.records]


def test_from_the_beginning_in_the_order_of_time_page_by_page(topic: Topic) -> None:
    topic.put(range(9_000))
    with topic.tailing(Reset.EARLIEST) as feed:
        wait_until(lambda: feed.snapshot.full, 20, "the first page")
        assert keys(feed) == list(range(2_000))
        assert (feed.snapshot.read, feed.snapshot.lag) == (2_000, 7_000)
        feed.read_on(feed.snapshot)
        wait_until(lambda: feed.snapshot.first == 1_001 and feed.snapshot.full, 20, "the next")
        assert keys(feed) == list(range(1_000, 3_000))


def test_from_the_beginning_a_filter_finds_what_is_far_down(topic: Topic) -> None:
    topic.put(range(60_000))
    with topic.tailing(Reset.EARLIEST, "amt>=29000 number:5899") as feed:
        wait_until(lambda: feed.snapshot.read == 60_000, 30, "the end")
        assert sorted(keys(feed)) == list(range(58_990, 59_000))
        assert feed.snapshot.lag == 0


def test_the_last_ones_and_then_what_comes(topic: Topic) -> None:
    topic.put(range(1_000))
    with topic.tailing(Last(200)) as feed:
        wait_until(lambda: feed.snapshot.read == 200, 20, "the last records")
        topic.put(range(1_000, 4_000))
        wait_until(lambda: feed.snapshot.read == 3_200, 20, "what came")
        assert len(feed.snapshot.records) == 2_000
        assert max(keys(feed)) == 3_999


def test_from_the_end_only_what_comes(topic: Topic) -> None:
    topic.put(range(100))
    with topic.tailing(Reset.LATEST) as feed:
        wait_until(lambda: feed.snapshot.lag == 0, 20, "the end")
        topic.put(range(100, 110))
        wait_until(lambda: sorted(keys(feed)) == list(range(100, 110)), 20, "what came")


def test_from_a_time_on(topic: Topic) -> None:
    topic.put(range(500))
    with topic.tailing(Since(_BEGAN_MS + 1000 * 490)) as feed:
        wait_until(lambda: keys(feed) == list(range(490, 500)), 20, "the last ten")
        assert feed.snapshot.lag == 0


def test_a_topic_that_is_deleted_and_recreated(topic: Topic) -> None:
    topic.put(range(10))
    with topic.tailing(Last(50)) as feed:
        wait_until(lambda: len(keys(feed)) == 10, 20, "the records")
        topic.delete()
        wait_until(lambda: feed.snapshot.gone_at is not None, 20, "word of its end")
        assert len(keys(feed)) == 10
        topic.create()
        topic.put(range(70, 73))
        wait_until(lambda: sorted(keys(feed)) == [70, 71, 72], 30, "the new topic's records")


def test_the_topics_and_how_much_they_hold(topic: Topic) -> None:
    topic.put(range(7))
    found = {
        size.name: size for size in KafkaTails(lambda: topic.kafka.bootstrap, topic.kafka).topics()
    }
    assert (found[topic.name].offsets, found[topic.name].partitions) == (7, 4)


def test_following_many_records_costs_a_few_times_what_writing_them_does(topic: Topic) -> None:
    """So 20,000 records per second need a fraction of a core, on any machine."""
    topic.put(range(1_000))
    writing = cpu_seconds(lambda: topic.put(range(60_000)))
    with topic.tailing(Reset.LATEST) as feed:
        wait_until(lambda: feed.snapshot.lag == 0, 20, "the end")

        def write_and_follow() -> None:
            topic.put(range(60_000))
            wait_until(lambda: feed.snapshot.read == 60_000, 20, "every record")

        both = cpu_seconds(write_and_follow)
        assert feed.snapshot.lag == 0
        print(f"writing {writing:.2f} s, writing and following {both:.2f} s")
        # Four to five times on an idle machine: reading and decoding cost more than sending.
        assert both < 15 * writing


def cpu_seconds(work: Callable[[], None]) -> float:
    """Processor time of all threads of this process."""
    before = time.process_time()
    work()
    return time.process_time() - before
