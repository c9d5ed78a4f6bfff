"""Replays: what is sent, when, and what is told about it."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.errors import InputError, UnavailableError
from pipeline.model import Transaction
from pipeline.simulator import encode
from pipeline.simulator.files import TransactionFile, open_file
from pipeline.simulator.replay import (
    BAD_ROWS_KEPT,
    OlderThanTopicError,
    ReplayProgress,
    first_event_time,
    plan_shift,
    replay,
)

START = datetime(2024, 1, 1)


class Clock:
    """Moves on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0
        self.longest = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.longest = max(self.longest, seconds)


def transaction(seconds: float) -> Transaction:
    moment = START + timedelta(seconds=seconds)
    return Transaction(
        moment, 42, "fraud_Koch", "home", 1.5, "A", "B", "1", "2000-01-01", "t", 0, 7
    )


def file_of(folder: Path, *rows: float | bytes) -> TransactionFile:
    """A file with a transaction so many seconds after START, or with these bytes, per line."""
    path = folder / "file"
    lines = (row if isinstance(row, bytes) else encode.value(transaction(row)) for row in rows)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return open_file(path)


def test_everything_is_sent_in_order_and_counted(tmp_path: Path) -> None:
    sent: list[Transaction] = []
    report = replay(file_of(tmp_path, 0, 10, b"nonsense", 20), sent.append)
    assert sent == [transaction(0), transaction(10), transaction(20)]
    assert (report.sent, report.bad, report.backwards, report.complete) == (3, 1, 0, True)
    assert [row.line for row in report.bad_rows] == [3]
    assert (report.earliest, report.latest) == (START, START + timedelta(seconds=20))


def test_speed_is_event_time_per_real_time(tmp_path: Path) -> None:
    clock, moments = Clock(), []
    replay(
        file_of(tmp_path, 0, 60, 90, 600),
        lambda _: moments.append(clock.now),
        speed=60,
        clock=clock,
        sleep=clock.sleep,
    )
    assert moments == pytest.approx([0, 1, 1.5, 10], abs=0.01)
    assert clock.longest <= 0.2


def test_max_does_not_wait(tmp_path: Path) -> None:
    clock = Clock()
    report = replay(file_of(tmp_path, 0, 10**6), lambda _: None, clock=clock, sleep=clock.sleep)
    assert (report.sent, clock.now) == (2, 0)


def test_a_shift_moves_all_times_alike(tmp_path: Path) -> None:
    sent: list[Transaction] = []
    shift = timedelta(days=400, seconds=3)
    report = replay(file_of(tmp_path, 0, 7, 7, 100), sent.append, shift=shift)
    times = [t.trans_date_trans_time for t in sent]
    assert times[0] == START + shift == report.earliest
    assert [(b - a).total_seconds() for a, b in pairwise(times)] == [7, 0, 93]


def test_a_time_that_cannot_be_shifted_is_an_error_of_the_file(tmp_path: Path) -> None:
    last = encode.value(transaction(0)).replace(b"2024-01-01", b"9999-12-31")
    with pytest.raises(InputError, match="9999-12-31"):
        replay(file_of(tmp_path, 0, last), lambda _: None, shift=timedelta(days=2))


def test_only_what_is_later_than_the_watermark_allows_counts_as_backwards(tmp_path: Path) -> None:
    report = replay(file_of(tmp_path, 100, 85, 84, 101, 80), lambda _: None)
    assert report.backwards == 2
    assert report.earliest == START + timedelta(seconds=80)
    assert report.latest == START + timedelta(seconds=101)


def test_of_bad_rows_all_are_counted_and_some_are_kept(tmp_path: Path) -> None:
    report = replay(file_of(tmp_path, 0, *([b"?"] * 500)), lambda _: None)
    assert (report.sent, report.bad, len(report.bad_rows)) == (1, 500, BAD_ROWS_KEPT)


def test_a_stop_is_heard_while_waiting(tmp_path: Path) -> None:
    clock = Clock()
    report = replay(
        file_of(tmp_path, 0, 86_400),
        lambda _: None,
        speed=1,
        stop=lambda: clock.now > 3,
        clock=clock,
        sleep=clock.sleep,
    )
    assert (report.sent, report.complete) == (1, False)
    assert clock.now < 4


def test_progress_is_told_now_and_then_and_at_the_end(tmp_path: Path) -> None:
    clock = Clock()
    told: list[ReplayProgress] = []
    replay(
        file_of(tmp_path, *range(100)),
        lambda _: None,
        speed=10,
        report=told.append,
        clock=clock,
        sleep=clock.sleep,
    )
    assert 20 < len(told) < 60
    assert all(before.sent <= after.sent for before, after in pairwise(told))
    assert (told[-1].sent, told[-1].share) == (100, 1.0)


def test_a_failed_delivery_is_not_hidden(tmp_path: Path) -> None:
    def send(_: Transaction) -> None:
        raise UnavailableError("Kafka is gone.")

    with pytest.raises(UnavailableError):
        replay(file_of(tmp_path, 0), send)


def test_the_first_event_time_is_that_of_the_first_sound_row(tmp_path: Path) -> None:
    assert first_event_time(file_of(tmp_path, b"{}", 5)) == START + timedelta(seconds=5)


def test_a_file_without_a_transaction_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no transaction; line 1: .*missing required field"):
        first_event_time(file_of(tmp_path, b'{"other": 1}', b"[]"))


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
    for told in (str(START), str(newest), "2 days, 0:00:16"):
        assert told in caught.value.message
    assert "--shift" in caught.value.hint
    assert "--fresh" in caught.value.hint


def test_a_shift_lands_one_second_behind_the_newest() -> None:
    newest = START + timedelta(days=2)
    assert START + plan_shift(START, newest, shift=True) == newest + timedelta(seconds=1)
