"""Labels that are held back: when they come, how many are held, what is left out."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from random import Random
from statistics import median, quantiles

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract import Transaction
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.simulator.held_labels import HeldLabel, HeldLabels

START = datetime(2023, 3, 1)
HOUR = 3600.0
END = datetime.max


def transactions(count: int, seed: int = 1) -> list[Transaction]:
    generator = Generator(seed, START, 50)
    return [generator.next(7.2) for _ in range(count)]


ROWS = transactions(4_000)


def held(delay: float, rows: list[Transaction], most: int = 200_000, seed: int = 1) -> HeldLabels:
    labels = HeldLabels(Random(seed), most)
    labels.delay = delay
    for row in rows:
        labels.hold(row)
    return labels


def test_without_a_delay_the_transaction_has_its_label_and_nothing_is_held() -> None:
    labels = held(0, ROWS)
    assert labels.pending == 0
    assert [labels.hidden(row) for row in ROWS] == ROWS
    assert list(labels.due(END, 10)) == []


def test_with_a_delay_no_transaction_shows_that_it_is_fraud() -> None:
    labels = held(HOUR, ROWS)
    hidden = [labels.hidden(row) for row in ROWS]
    assert any(row.is_fraud for row in ROWS)
    assert not any(row.is_fraud for row in hidden)
    assert [msgspec.structs.replace(row, is_fraud=0) for row in ROWS] == hidden


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(), delay=st.floats(0.001, 30 * 86_400), step=st.floats(1, 86_400))
def test_every_label_comes_once_in_order_and_after_its_transaction(
    seed: int, delay: float, step: float
) -> None:
    rows = ROWS[:300]
    labels = held(delay, rows, seed=seed)
    now, came = START, list[HeldLabel]()
    while labels.pending:
        now += timedelta(seconds=step) * (1 + len(came) + labels.pending)
        batch = list(labels.due(now, 1_000))
        assert all(label.labelled_at <= now for label in batch)
        came += batch
    assert all(one.labelled_at <= other.labelled_at for one, other in pairwise(came))
    by_number = {row.trans_num: row for row in rows}
    assert sorted(label.trans_num for label in came) == sorted(by_number)
    for label in came:
        row = by_number[label.trans_num]
        assert (label.user_id, label.is_fraud) == (row.user_id, row.is_fraud)
        assert label.labelled_at > row.trans_date_trans_time


@pytest.mark.parametrize("delay", [HOUR, 7 * 86_400.0])
def test_half_of_the_labels_come_within_the_delay_and_a_tenth_much_later(delay: float) -> None:
    at = {row.trans_num: row.trans_date_trans_time for row in ROWS}
    waits = [
        (label.labelled_at - at[label.trans_num]).total_seconds() / delay
        for label in held(delay, ROWS).due(END, len(ROWS))
    ]
    assert median(waits) == pytest.approx(1, rel=0.06)
    tenths = quantiles(waits, n=10)
    assert tenths[0] == pytest.approx(0.36, rel=0.12)
    assert tenths[-1] == pytest.approx(2.8, rel=0.12)


def test_a_change_of_the_delay_applies_to_later_transactions() -> None:
    labels = held(HOUR, ROWS[:100])
    labels.delay = 0
    assert labels.hidden(ROWS[100]) is ROWS[100]
    labels.hold(ROWS[100])
    came = {label.trans_num for label in labels.due(END, 1_000)}
    assert came == {row.trans_num for row in ROWS[:100]}


def test_legitimate_labels_are_left_out_before_any_of_fraud() -> None:
    labels = held(HOUR, ROWS, most=100)
    frauds = {row.trans_num for row in ROWS if row.is_fraud}
    assert len(frauds) < 100
    assert labels.pending == 100
    assert labels.left_out == len(ROWS) - 100
    came = list(labels.due(END, 1_000))
    assert all(one.labelled_at <= other.labelled_at for one, other in pairwise(came))
    assert {label.trans_num for label in came if label.is_fraud} == frauds
    assert len(came) == 100


def test_no_more_than_the_limit_is_held_when_all_is_fraud() -> None:
    frauds = [msgspec.structs.replace(row, is_fraud=1) for row in ROWS]
    labels = held(HOUR, frauds, most=100)
    assert (labels.pending, labels.left_out) == (100, len(ROWS) - 100)
    assert [label.is_fraud for label in labels.due(END, 1_000)] == [1] * 100


def test_a_label_that_was_not_taken_comes_again() -> None:
    labels = held(HOUR, ROWS[:10])
    first = next(labels.due(END, 10))
    assert next(labels.due(END, 10)) == first
    assert len(list(labels.due(END, 3))) == 3
    assert labels.pending == 7


def test_a_label_is_a_json_object_with_the_user_as_its_key() -> None:
    label = HeldLabel("0f" * 16, -7, 1, datetime(2023, 3, 2, 8, 15))
    assert encode.key(label) == b"-7"
    assert encode.label_value(label) == (
        b'{"trans_num":"0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f","user_id":-7,"is_fraud":1,'
        b'"labelled_at":"2023-03-02 08:15:00"}'
    )
