"""Paces, on a clock that the test advances."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.simulator.pace import EventPace, RatePace

START = datetime(2024, 1, 1)
PLENTY = 10**9


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(
    rate=st.floats(0.5, 50_000),
    steps=st.lists(st.floats(0.0001, 0.9), min_size=1, max_size=100),
)
def test_the_rate_does_not_depend_on_the_interval_between_calls(
    rate: float, steps: list[float]
) -> None:
    pace, now, sent = RatePace(0.0), 0.0, 0
    for step in steps:
        now += step
        sent += pace.due(now, rate, PLENTY)
    assert sent == pytest.approx(now * rate, abs=1.001)


def test_a_suspended_laptop_is_not_caught_up() -> None:
    pace = RatePace(0.0)
    assert pace.due(3600.0, 100, PLENTY) == 100
    assert pace.due(3600.5, 100, PLENTY) == 50


def test_the_rate_changes_at_once_and_a_pause_is_not_caught_up() -> None:
    pace = RatePace(0.0)
    assert pace.due(0.5, 100, PLENTY) == 50
    assert pace.due(1.0, 0, PLENTY) == 0
    assert pace.due(1.5, 1000, PLENTY) == 500


def test_transactions_above_the_limit_are_dropped() -> None:
    pace = RatePace(0.0)
    assert pace.due(1.0, 1_000_000, 10_000) == 10_000
    assert pace.due(1.1, 100, 10_000) == 10


def test_each_transaction_is_due_at_its_own_time() -> None:
    pace = EventPace(speed=60)
    assert pace.wait(START, 5.0) == 0
    assert pace.wait(after(60), 5.0) == pytest.approx(1.0, abs=1e-4)
    assert pace.wait(after(60), 5.75) == pytest.approx(0.25, abs=1e-4)
    assert pace.wait(after(60), 6.1) == 0


def test_a_short_delay_is_caught_up() -> None:
    pace = EventPace(speed=1)
    pace.wait(START, 0.0)
    assert pace.wait(after(1), 1.9) == 0
    assert pace.wait(after(3), 2.0) == pytest.approx(1.0, abs=1e-4)


def test_a_long_delay_is_not_caught_up() -> None:
    pace = EventPace(speed=1)
    pace.wait(START, 0.0)
    assert pace.wait(after(1), 100.0) == 0
    assert pace.wait(after(3), 100.0) == pytest.approx(2.0, abs=1e-4)


def test_a_late_transaction_does_not_delay_the_next() -> None:
    pace = EventPace(speed=1)
    pace.wait(START, 0.0)
    assert pace.wait(after(-3600), 0.0) == 0
    assert pace.wait(after(1), 0.0) == pytest.approx(1.0, abs=1e-4)
