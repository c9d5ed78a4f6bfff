"""The thread that tails a topic: following, paging, filtering, and failures."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from pipeline.errors import UnavailableError
from pipeline.kafka.records import Record
from pipeline.model.reading import Last, Reset, Since, Start
from tests.idle import DEADLINE_SECONDS, eventually
from tests.snapshot.fakes import Clock
from tests.snapshot.tails import TOPIC, FakeTail, FakeTails, record
from tui.streams.record_view import LONGEST_VALUE, RecordFields, RecordView
from tui.streams.tail_buffer import RecordBuffer
from tui.streams.tail_feed import TailFeed
from tui.table.filter import Filter, parse


@contextmanager
def tailing(
    tails: FakeTails, start: Start, wanted: str = "", most: int = 100
) -> Iterator[TailFeed]:
    feed = TailFeed(tails, TOPIC, start, parse(wanted), Clock(), most=most, pause=0.001)
    feed.start()
    yield feed
    feed.stop()
    eventually(lambda: not feed.running)


def topic(count: int) -> FakeTails:
    return FakeTails({TOPIC: [record(number) for number in range(count)]})


def keys(feed: TailFeed) -> list[int]:
    return [int(found.key or b"") for found in feed.snapshot.records]


def test_from_the_beginning_it_waits_when_the_buffer_is_full() -> None:
    with tailing(topic(1_000), Reset.EARLIEST) as feed:
        eventually(lambda: feed.snapshot.full)
        assert keys(feed) == list(range(100))
        assert (feed.snapshot.first, feed.snapshot.read, feed.snapshot.lag) == (1, 100, 900)
        feed.read_on(feed.snapshot)
        eventually(lambda: feed.snapshot.first == 51 and feed.snapshot.full)
        assert keys(feed) == list(range(50, 150))
        assert feed.snapshot.read == 150


def test_asking_twice_for_the_next_page_reads_one() -> None:
    with tailing(topic(1_000), Reset.EARLIEST) as feed:
        eventually(lambda: feed.snapshot.full)
        before = feed.snapshot
        while feed.snapshot.first == before.first:
            feed.read_on(before)
        feed.read_on(before)
        eventually(lambda: feed.snapshot.full)
        polled = feed.snapshot
        eventually(lambda: feed.snapshot is not polled)
        assert keys(feed) == list(range(50, 150))


def test_from_the_beginning_it_goes_on_with_what_comes() -> None:
    tails = topic(20)
    with tailing(tails, Reset.EARLIEST) as feed:
        eventually(lambda: feed.snapshot.lag == 0 and len(keys(feed)) == 20)
        tails.held[TOPIC].append(record(20))
        eventually(lambda: keys(feed) == list(range(21)))
        assert not feed.snapshot.full


def test_following_drops_the_oldest() -> None:
    tails = topic(1_000)
    with tailing(tails, Last(30)) as feed:
        eventually(lambda: keys(feed) == list(range(970, 1_000)))
        tails.held[TOPIC] += [record(number) for number in range(1_000, 1_100)]
        eventually(lambda: keys(feed) == list(range(1_000, 1_100)))
        assert (feed.snapshot.first, feed.snapshot.matched, feed.snapshot.full) == (31, 130, False)


def test_from_the_end_only_what_comes() -> None:
    tails = topic(10)
    with tailing(tails, Reset.LATEST) as feed:
        eventually(lambda: feed.snapshot.lag == 0)
        assert keys(feed) == []
        tails.held[TOPIC].append(record(10))
        eventually(lambda: keys(feed) == [10])


def test_from_a_time_on() -> None:
    tails = topic(10)
    with tailing(tails, Since(tails.held[TOPIC][6].timestamp_ms)) as feed:
        eventually(lambda: keys(feed) == [6, 7, 8, 9])


def is_full_from(feed: TailFeed, first: int) -> None:
    """Wait until the buffer is full, with this record number as its first."""
    eventually(lambda: feed.snapshot.first == first and feed.snapshot.full)


def test_a_filter_searches_until_the_buffer_is_full() -> None:
    with tailing(topic(5_000), Reset.EARLIEST, "is_fraud=1") as feed:
        eventually(lambda: feed.snapshot.full)
        assert keys(feed) == list(range(0, 700, 7))
        assert feed.snapshot.read > 700
        for first in range(51, 602, 50):
            feed.read_on(feed.snapshot)
            is_full_from(feed, first)
        feed.read_on(feed.snapshot)
        eventually(lambda: keys(feed)[-1] == 4_998)
        assert not feed.snapshot.full
        assert feed.snapshot.matched == len(range(0, 5_000, 7))


def test_another_filter_reads_from_the_beginning_again() -> None:
    tails = topic(500)
    with tailing(tails, Reset.EARLIEST, "is_fraud=1") as feed:
        eventually(lambda: feed.snapshot.lag == 0 and feed.snapshot.matched == 72)
        feed.filter_by(parse("key=3"))
        eventually(lambda: keys(feed) == [3] and feed.snapshot.lag == 0)
        assert feed.snapshot.read == 500
        feed.filter_by(Filter())
        eventually(lambda: keys(feed) == list(range(100)))
    assert tails.opened == [(TOPIC, Reset.EARLIEST)] * 3


def test_another_filter_looks_at_what_came_last_when_following() -> None:
    tails = topic(50)
    with tailing(tails, Last(50), "nothing") as feed:
        eventually(lambda: feed.snapshot.read == 50)
        feed.filter_by(parse("key=49"))
        eventually(lambda: keys(feed) == [49])
        assert (feed.snapshot.matched, feed.snapshot.read) == (1, 50)
        tails.held[TOPIC].append(record(50, key=b"49"))
        eventually(lambda: keys(feed) == [49, 49])
        feed.filter_by(Filter())
        eventually(lambda: len(keys(feed)) == 51)
    assert len(tails.opened) == 1


def test_kafka_that_goes_away_leaves_what_was_read() -> None:
    tails = topic(5)
    with tailing(tails, Last(9)) as feed:
        eventually(lambda: len(keys(feed)) == 5)
        tails.error = "all brokers are down"
        eventually(lambda: feed.snapshot.error == "all brokers are down")
        assert len(keys(feed)) == 5
        tails.error = ""
        tails.held[TOPIC].append(record(5))
        eventually(lambda: len(keys(feed)) == 6 and feed.snapshot.error == "")


def test_whatever_is_raised_is_survived() -> None:
    tails = topic(5)
    tails.failure = UnavailableError("Kafka is not up yet.")
    with tailing(tails, Last(9)) as feed:
        eventually(lambda: feed.snapshot.error == "Kafka is not up yet.")
        tails.failure = ValueError("surprise")
        eventually(lambda: feed.snapshot.error.startswith("ValueError: surprise"))
        tails.failure = None
        eventually(lambda: len(keys(feed)) == 5 and feed.snapshot.error == "")


def test_a_deleted_topic_keeps_what_it_held_until_it_is_recreated() -> None:
    tails = topic(5)
    with tailing(tails, Last(9)) as feed:
        eventually(lambda: len(keys(feed)) == 5)
        del tails.held[TOPIC]
        eventually(lambda: feed.snapshot.gone_at is not None)
        assert len(keys(feed)) == 5
        tails.held[TOPIC] = [record(77)]
        eventually(lambda: keys(feed) == [77])
        assert (feed.snapshot.gone_at, feed.snapshot.read) == (None, 1)


def test_a_broker_that_comes_back_elsewhere_is_read_there() -> None:
    tails = topic(5)
    with tailing(tails, Reset.EARLIEST) as feed:
        eventually(lambda: len(keys(feed)) == 5)
        tails.at = ""
        tails.at = "127.0.0.1:9999"
        eventually(lambda: len(tails.opened) == 2)
        eventually(lambda: keys(feed) == list(range(5)))


def test_stopping_waits_for_nothing() -> None:
    tails = topic(5)
    tails.failure = UnavailableError("never")
    feed = TailFeed(tails, TOPIC, Reset.LATEST, Filter(), Clock(), pause=10 * DEADLINE_SECONDS)
    feed.start()
    eventually(lambda: feed.snapshot.error == "never")
    feed.stop()
    eventually(lambda: not feed.running)


def test_stopping_does_not_wait_for_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    tails, asked, answer = topic(5), threading.Event(), threading.Event()

    def silent(*_: object) -> FakeTail:
        asked.set()
        answer.wait(DEADLINE_SECONDS)
        raise UnavailableError("too late")

    monkeypatch.setattr(tails, "open", silent)
    feed = TailFeed(tails, TOPIC, Reset.LATEST, Filter(), Clock())
    feed.start()
    eventually(asked.is_set)
    feed.stop()
    assert feed.running
    answer.set()
    eventually(lambda: not feed.running)


def test_the_buffer_is_bounded_in_bytes_too() -> None:
    buffer = RecordBuffer(100, 1_000)
    buffer.add(record(number, b"x" * 300) for number in range(10))
    assert [found.offset * 4 + found.partition for found in buffer.records] == [7, 8, 9]
    assert buffer.dropped == 7
    buffer.add([record(10, b"x" * 5_000)])
    assert (len(buffer), buffer.room) == (1, 0)


def test_a_long_record_is_cut_and_says_how_long_it_was() -> None:
    long = RecordView.of(Record(TOPIC, 0, 0, 0, b"k" * 9_999, b"[" + b"1," * 100_000))
    assert (len(long.data or b""), long.size, long.cut) == (LONGEST_VALUE, 200_001, True)
    assert len(long.key or b"") < 9_999
    short = RecordView.of(Record(TOPIC, 0, 0, 0, None, b"1"))
    assert (short.size, short.cut) == (None, False)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("amt>300 category:gas is_fraud=1", True),
        ("amt>400", False),
        ("user_id:-3122", True),
        ("user_id:-3123", False),
        ("key:-31", True),
        ("key:9", False),
        ("partition=2 offset=41", True),
        ("partition=1", False),
        ("where.zip=28654", True),
        ("where.nothing=1", False),
        ("ok=true", True),
        ("OLSON", True),
        ("-3122", True),
        ("time>=2023-11-14", True),
        ("time<2023-11-14", False),
        ("nothing=1", False),
        ("!nothing=1", True),
    ],
)
def test_fields_of_a_record(text: str, passes: bool) -> None:
    value = {
        "amt": 301.5,
        "category": "gas_transport",
        "is_fraud": 1,
        "user_id": -3122116196984685963,
        "merchant": "fraud_Olson",
        "where": {"zip": "28654"},
        "ok": True,
    }
    found = RecordView(TOPIC, 2, 41, 1_700_000_000_000, b"-3122", value)
    assert parse(text).matches(RecordFields(found)) is passes


@pytest.mark.parametrize(
    "value", [None, b"", b"\xff", b"[1]", b"7", b"[" * 5_000, b'{"a":{"b":1}}']
)
def test_no_value_breaks_a_filter(value: bytes | None) -> None:
    found = RecordView(TOPIC, 0, 0, 2**62, None, value)
    for text in ("amt>3", "a.b.c=1", "word", "key:x", "time>2020", "a=1"):
        assert parse(text).matches(RecordFields(found)) is False


def test_time_is_there_only_where_it_is_a_time() -> None:
    assert record(0, timestamp_ms=0).time == datetime.fromisoformat("1970-01-01T00:00:00Z")
    assert record(0, timestamp_ms=-1).time is None
    assert record(0, timestamp_ms=2**62).time is None
