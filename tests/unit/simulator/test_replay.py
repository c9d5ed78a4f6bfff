"""Replays: what is sent, when, and how progress is reported."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from pipeline.errors import UnavailableError
from pipeline.files.prepared import RecordBatch
from pipeline.files.target import Target
from pipeline.simulator.replay import (
    OlderThanTopicError,
    ReplayProgress,
    plan_shift,
    replay,
)
from pipeline.sources import source

START = datetime(2024, 1, 1)


class Clock:
    """Advances only during a sleep."""

    def __init__(self) -> None:
        self.now = 0.0
        self.longest = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.longest = max(self.longest, seconds)


def batches(*seconds: float, size: int = 2) -> list[RecordBatch]:
    """Records at the given seconds after START, each with its second as its key."""
    return [
        RecordBatch(
            [START + timedelta(seconds=second) for second in part],
            [b"%d" % second for second in part],
            [b"{}"] * len(part),
        )
        for first in range(0, len(seconds), size)
        for part in (seconds[first : first + size],)
    ]


def nothing(key: bytes | None, value: bytes) -> None:
    """Accept a record and drop it."""


def noted(sent: list[float], clock: Callable[[], float]) -> Callable[[bytes | None, bytes], None]:
    return lambda key, value: sent.append(clock())


def test_everything_is_sent_in_order_and_counted() -> None:
    sent: list[tuple[bytes | None, bytes]] = []
    report = replay(batches(0, 10, 20), lambda key, value: sent.append((key, value)))
    assert sent == [(b"0", b"{}"), (b"10", b"{}"), (b"20", b"{}")]
    assert (report.sent, report.complete) == (3, True)
    assert (report.earliest, report.latest) == (START, START + timedelta(seconds=20))


def test_speed_is_event_time_per_real_time() -> None:
    clock = Clock()
    moments: list[float] = []
    replay(
        batches(0, 60, 90, 600),
        noted(moments, clock),
        speed=60,
        clock=clock,
        sleep=clock.sleep,
    )
    assert moments == pytest.approx([0, 1, 1.5, 10], abs=0.01)
    assert clock.longest <= 0.2


def test_max_does_not_wait() -> None:
    clock = Clock()
    report = replay(batches(0, 10**6), nothing, clock=clock, sleep=clock.sleep)
    assert (report.sent, clock.now) == (2, 0)


def test_a_stop_takes_effect_while_waiting() -> None:
    clock = Clock()
    report = replay(
        batches(0, 86_400),
        nothing,
        speed=1,
        stop=lambda: clock.now > 3,
        clock=clock,
        sleep=clock.sleep,
    )
    assert (report.sent, report.complete) == (1, False)
    assert clock.now < 4


def test_a_stop_takes_effect_between_batches() -> None:
    sent: list[bytes | None] = []
    report = replay(
        batches(*range(10)), lambda key, _: sent.append(key), stop=lambda: len(sent) >= 4
    )
    assert (report.sent, report.complete) == (len(sent), False)
    assert len(sent) == 4


def test_progress_is_reported_a_few_times_a_second_and_at_the_end() -> None:
    clock = Clock()
    reports: list[ReplayProgress] = []
    replay(
        batches(*range(100)),
        nothing,
        speed=10,
        report=reports.append,
        clock=clock,
        sleep=clock.sleep,
    )
    assert 20 < len(reports) < 60
    assert all(before.sent <= after.sent for before, after in pairwise(reports))
    assert reports[-1] == ReplayProgress(100, START + timedelta(seconds=99))


def test_a_failed_delivery_is_not_hidden() -> None:
    def send(key: bytes | None, value: bytes) -> None:
        raise UnavailableError("Kafka is gone.")

    with pytest.raises(UnavailableError):
        replay(batches(0), send)


def test_an_empty_topic_takes_any_file() -> None:
    assert (
        plan_shift(START, None, shift=False) == plan_shift(START, None, shift=True) == timedelta()
    )


def test_a_file_that_is_new_enough_stays_as_it_is() -> None:
    for late in (-100, 0, 15):
        newest = START + timedelta(seconds=late)
        assert plan_shift(START, newest, shift=False) == timedelta()


def test_an_older_file_is_refused_with_both_times_and_both_ways_out() -> None:
    newest = START + timedelta(days=2, seconds=16)
    with pytest.raises(OlderThanTopicError) as caught:
        plan_shift(START, newest, shift=False)
    for part in (str(START), str(newest), "2 days, 0:00:16"):
        assert part in caught.value.message
    assert "--shift" in caught.value.hint
    assert "--fresh" in caught.value.hint


def test_a_shift_lands_one_second_behind_the_newest() -> None:
    newest = START + timedelta(days=2)
    assert START + plan_shift(START, newest, shift=True) == newest + timedelta(seconds=1)


def test_what_is_late_depends_on_the_source() -> None:
    """The watermark of the source counts, and its topic is not emptied."""
    schema = {"at": "timestamp(3)"}
    own = Target.of(source(topic="ticks", schema=schema, time="at", watermark="1h"))
    newest = START + timedelta(hours=1)
    assert plan_shift(START, newest, shift=False, target=own) == timedelta()
    with pytest.raises(OlderThanTopicError) as caught:
        plan_shift(START, newest + timedelta(milliseconds=1), shift=False, target=own)
    assert "already has records up to" in caught.value.message
    assert "--fresh" not in caught.value.hint
