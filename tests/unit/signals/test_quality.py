"""The figures of a signal are those that plain Python computes from all records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import groupby
from math import inf, isclose, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.signals.quality import (
    Confusion,
    Counts,
    Label,
    MaturingTally,
    Tally,
    average_precision_share,
    edges_with,
    share,
)

NOON = datetime(2023, 3, 4, 12)
EDGES = edges_with(0.5)
Judged = tuple[float, Label, float]

# A score of three digits is an edge, so nothing is lost by counting it in a bin.
scores = st.integers(0, 1_000).map(lambda thousandths: thousandths / 1_000)
records = st.lists(st.tuples(scores, st.sampled_from([True, False, None]), st.floats(0, 1e6)))


def counts_of(rows: Sequence[Judged], edges: Sequence[float] = EDGES) -> Counts:
    tally = Tally(edges)
    for number, (score, label, amount) in enumerate(rows):
        tally.add(score, label, amount, NOON + timedelta(hours=number))
    return tally.counts()


@given(records, scores)
def test_the_confusion_matrix_counts_every_record_once(
    rows: list[Judged], threshold: float
) -> None:
    counts = counts_of(rows)
    outcome = counts.outcome(threshold)
    alerts = [row for row in rows if row[0] >= threshold]
    others = [row for row in rows if row[0] < threshold]
    assert outcome.caught == sum(label is True for _, label, _ in alerts)
    assert outcome.false_alerts == sum(label is False for _, label, _ in alerts)
    assert outcome.unlabelled_alerts == sum(label is None for _, label, _ in alerts)
    assert outcome.missed == sum(label is True for _, label, _ in others)
    assert outcome.passed == sum(label is False for _, label, _ in others)
    assert outcome.unlabelled == sum(label is None for _, label, _ in rows)
    assert (outcome.alerts, counts.total) == (len(alerts), len(rows))
    assert isclose(
        outcome.caught_amount, sum(amount for _, label, amount in alerts if label), rel_tol=1e-9
    )
    assert isclose(
        outcome.missed_amount, sum(amount for _, label, amount in others if label), rel_tol=1e-9
    )
    if len(rows) > 1:
        assert outcome.alerts_a_day is not None
        assert isclose(outcome.alerts_a_day, 24 * len(alerts) / (len(rows) - 1))


@given(records)
def test_average_precision_is_the_mean_precision_at_each_fraud(rows: list[Judged]) -> None:
    """By its definition: of records with equal scores, each has the precision of all of them."""
    labelled = [(score, label) for score, label, _ in rows if label is not None]
    labelled.sort(reverse=True)
    fraud = sum(label for _, label in labelled)
    total, caught, seen = Fraction(), 0, 0
    for _, group in groupby(labelled, key=lambda row: row[0]):
        tied = [label for _, label in group]
        caught, seen = caught + sum(tied), seen + len(tied)
        total += sum(tied) * Fraction(caught, seen)
    found = counts_of(rows).average_precision
    if fraud:
        assert found is not None
        assert isclose(found.value, float(total / fraud), abs_tol=1e-12)
        assert 0 <= found.low <= found.value <= found.high <= 1
    else:
        assert found is None


@given(records)
def test_the_curve_never_goes_back(rows: list[Judged]) -> None:
    points = counts_of(rows).curve()
    recalls = [recall for recall, _ in points]
    assert recalls == sorted(recalls)
    assert all(0 <= recall <= 1 and 0 <= precision <= 1 for recall, precision in points)
    assert not points or isclose(points[-1][0], 1)


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_an_interval_holds_its_share(one: int, other: int) -> None:
    part, of = min(one, other), max(one, other)
    found = share(part, of)
    if of:
        assert found is not None
        assert 0 <= found.low <= found.value <= found.high <= 1
        assert found.value == part / of
    else:
        assert found is None


@pytest.mark.parametrize(
    ("part", "of", "low", "high"),
    # After Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_those_of_the_literature(part: int, of: int, low: float, high: float) -> None:
    found = share(part, of)
    assert found is not None
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def test_what_is_a_part_of_nothing_is_unknown() -> None:
    nothing = counts_of([])
    outcome = nothing.outcome(0.5)
    assert outcome == Confusion()
    assert (outcome.precision, outcome.recall, outcome.f1, outcome.alerts_a_day) == (None,) * 4
    assert (nothing.average_precision, nothing.curve()) == (None, [])
    unlabelled = counts_of([(0.9, None, 10.0), (0.1, None, 20.0)])
    outcome = unlabelled.outcome(0.5)
    assert (outcome.alerts, outcome.unlabelled_alerts, outcome.unlabelled) == (1, 1, 2)
    assert (outcome.precision, outcome.recall, outcome.f1) == (None, None, None)
    never = counts_of([(0.1, True, 10.0), (0.1, False, 20.0)]).outcome(0.5)
    assert (never.precision, never.f1) == (None, 0)
    assert never.recall is not None
    assert never.recall.value == 0


def test_a_threshold_between_thousandths_is_exact() -> None:
    rows = [(0.81234, True, 1.0), (0.81239, False, 1.0), (0.8129, False, 1.0)]
    counts = counts_of(rows, edges_with(0.81235))
    assert (counts.outcome(0.81235).caught, counts.outcome(0.81235).alerts) == (0, 2)


def test_hostile_values_break_nothing() -> None:
    tally = Tally(EDGES)
    for score in (-1.0, 0.0, 1.0, 7.0):
        for amount in (nan, inf, None, 5.0):
            tally.add(score, True, amount, datetime.max)
    counts = tally.counts()
    assert (counts.fraud[0], counts.fraud[-1], counts.total) == (8, 8, 16)
    assert sum(counts.amounts) == 20
    assert counts.outcome(0.5).alerts_a_day is None
    ends = MaturingTally(EDGES)
    ends.add(0.5, None, None, datetime.min)
    ends.add(0.5, None, None, datetime.max)
    ends.add(0.5, None, None, datetime.min)
    assert (ends.recent().total, ends.everything().total) == (1, 3)


def test_what_is_older_than_a_day_is_not_recent() -> None:
    tally = MaturingTally(EDGES)
    for hour in range(48):
        tally.add(hour / 48, hour % 2 == 0, 1.0, NOON + timedelta(hours=hour, minutes=30))
    counts = tally.recent()
    assert (counts.total, counts.span) == (24, timedelta(hours=23))
    # A late record still counts in its hour.
    tally.add(1.0, None, None, NOON + timedelta(hours=24))
    tally.add(1.0, None, None, NOON + timedelta(hours=23, minutes=59))
    assert (tally.recent().total, tally.everything().total) == (25, 50)


def test_a_record_counts_once_it_is_mature() -> None:
    tally = MaturingTally(EDGES, timedelta(days=1), recent=2)
    for hour in range(48):
        tally.add(0.9, True, 1.0, NOON + timedelta(hours=hour))
    assert (tally.everything().total, tally.recent().total, tally.young) == (24, 2, 24)
    assert tally.alerts(0.5) == 48
    # Nothing is counted twice, or lost, as time goes on.
    tally.add(0.9, True, 1.0, NOON + timedelta(hours=500))
    assert (tally.everything().total, tally.recent().total, tally.young) == (48, 0, 1)


@given(
    st.lists(
        st.tuples(
            scores,
            st.sampled_from([True, False, None]),
            st.sampled_from([True, False, None]),
            st.integers(0, 100),
        )
    )
)
def test_a_label_that_comes_later_leaves_the_counts_that_it_would_have_made(
    rows: list[tuple[float, Label, Label, int]],
) -> None:
    late, at_once = MaturingTally(EDGES), MaturingTally(EDGES)
    for score, before, after, hour in rows:
        at = NOON + timedelta(hours=hour)
        late.add(score, before, 2.0, at)
        at_once.add(score, after, 2.0, at)
    for score, before, after, hour in rows:
        late.relabel(score, before, after, 2.0, NOON + timedelta(hours=hour))
    assert late.everything() == at_once.everything()
    assert late.recent() == at_once.recent()


@pytest.mark.parametrize(
    ("value", "fraud", "low", "high"),
    [(0.5, 100, 0.403, 0.597), (0.9, 100, 0.824, 0.945), (1.0, 10, 0.517, 1.0), (0.0, 1, 0, 0.969)],
)
def test_intervals_of_average_precision(value: float, fraud: int, low: float, high: float) -> None:
    found = average_precision_share(value, fraud)
    assert (round(found.low, 3), found.value, round(found.high, 3)) == (low, value, high)


@given(records, st.integers(1, 100))
def test_a_histogram_has_every_record(rows: list[Judged], bars: int) -> None:
    counts = counts_of(rows)
    assert sum(counts.histogram(counts.fraud, bars)) == sum(label is True for _, label, _ in rows)


def test_bars_begin_at_their_edges() -> None:
    counts = counts_of([(number / 100, True, 1.0) for number in range(101)])
    assert counts.histogram(counts.fraud, 100) == [*[1] * 99, 2]
