"""The figures of a backtest, against plain Python, and where there is nothing to divide by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from pipeline.backtest.figures import Figures, figures, plain, ratio
from pipeline.backtest.scored import Scored
from pipeline.backtest.table import lines, summary
from pipeline.config import RuleSettings
from pipeline.signals.rules_signal import rules_signal

BEGIN = datetime(2024, 3, 1)
Row = tuple[float, bool | None, str | None, float, int]
"""Score, label, user, amount, and minutes since the first."""


def judged(rows: list[Row], threshold: float = 0.5, budget: int = 2) -> Figures:
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[]] * 5
    scored = pa.table(
        {
            "score": pa.array(columns[0], pa.float64()),
            "__fraud": pa.array(columns[1], pa.bool_()),
            "__user": pa.array(columns[2], pa.string()),
            "__amount": pa.array(columns[3], pa.float64()),
            "__time": pa.array(
                [BEGIN + timedelta(minutes=minutes) for minutes in columns[4]], pa.timestamp("us")
            ),
        }
    )
    with duckdb.connect() as connection:
        connection.register("scored", scored)
        signal = rules_signal(RuleSettings())
        return figures(Scored(connection, "scored", signal), threshold, budget)


ROWS: list[Row] = [
    (0.9, True, "a", 100.0, 0),
    (0.2, True, "a", 40.0, 60),
    (0.9, False, "b", 10.0, 90),
    (0.1, False, "c", 10.0, 100),
    (0.7, None, "c", 10.0, 110),
    (0.6, True, "a", 5.0, 60 * 24 * 3),
    (0.4, True, "d", 7.0, 60 * 24 * 3 + 5),
]


def test_the_figures_of_a_few_transactions() -> None:
    found = judged(ROWS)
    assert (found.transactions, found.labelled, found.fraud, found.alerts) == (7, 6, 4, 4)
    assert (found.precision.count, found.precision.of) == (2, 3)
    assert (found.recall.count, found.recall.of) == (2, 4)
    assert found.f1 == pytest.approx(2 * (2 / 3) * 0.5 / (2 / 3 + 0.5))
    assert (found.money_caught, found.money_missed) == (105.0, 47.0)
    assert (found.customers_caught.count, found.customers_caught.of) == (1, 2)
    # c has no fraud; its only alert is unlabelled.
    assert (found.honest_customers.count, found.honest_customers.of) == (1, 2)
    # Of a: the first two, and the one three days later; of d: the last.
    assert (found.episodes.count, found.episodes.of) == (2, 3)
    assert found.first_alert_seconds == 0.0
    assert (found.days, found.alerts_per_day) == (4, 1.0)


def test_an_alert_later_in_an_episode_counts_from_its_first_fraud() -> None:
    rows: list[Row] = [
        (0.1, True, "a", 1.0, 0),
        (0.9, False, "a", 1.0, 7),
        (0.1, True, "a", 1.0, 9),
    ]
    assert judged(rows).first_alert_seconds == 7 * 60


def test_unlabelled_is_not_legitimate() -> None:
    found = judged([(0.9, None, "a", 1.0, 0), (0.1, None, "b", 1.0, 1)])
    assert (found.alerts, found.labelled) == (1, 0)
    assert found.precision.value is found.recall.value is found.f1 is None
    assert found.average_precision is None
    assert found.honest_customers.of == 0
    fields = plain(found)
    assert fields["precision"] is fields["precision_interval"] is None
    assert fields["precision_cases"] == [0, 0]


@pytest.mark.parametrize("rows", [[], [(0.1, False, None, 1.0, 0)], [(0.9, True, None, 1.0, 0)]])
def test_nothing_to_divide_by_is_a_dash(rows: list[Row]) -> None:
    found = judged(rows)
    header, table = lines([found, found])
    assert len(header) == 3 and all(len(row) == 3 for row in table)
    assert "–" in {cell for row in table for cell in row}
    assert "transaction" in summary(found)


SCORES = st.sampled_from([0.0, 0.1, 0.4, 0.5, 0.9, 1.0])
LABELS = st.sampled_from([True, False, None])
ANY = st.lists(
    st.tuples(
        SCORES, LABELS, st.sampled_from(["a", "b", None]), st.just(1.0), st.integers(0, 9_999)
    ),
    max_size=40,
)


@given(ANY)
@settings(max_examples=60, deadline=None)
def test_average_precision_is_that_of_scikit_learn(rows: list[Row]) -> None:
    labelled = [(row[1], row[0]) for row in rows if row[1] is not None]
    found = judged(rows).average_precision
    if not any(fraud for fraud, _ in labelled):
        assert found is None
        return
    wanted = average_precision_score(*zip(*labelled, strict=True))
    assert found == pytest.approx(wanted, abs=1e-12)


@given(ANY, st.integers(1, 5))
@settings(max_examples=60, deadline=None)
def test_the_highest_scores_of_each_day(rows: list[Row], budget: int) -> None:
    by_day: dict[int, list[Row]] = {}
    for row in rows:
        if row[0] > 0:
            by_day.setdefault(row[4] // 1440, []).append(row)
    found = judged(rows, budget=budget).precision_in_budget
    # Ties may fall either way, so only the number is certain, and what no tie decides.
    most = sum(min(budget, len(day)) for day in by_day.values())
    assert found.count <= found.of <= most
    clear = all(row[1] for day in by_day.values() for row in day)
    assert not clear or found.count == found.of == most


def test_the_interval_of_a_share_is_wilsons() -> None:
    found = ratio(8, 10)
    assert found.low == pytest.approx(0.4902, abs=1e-4)
    assert found.high == pytest.approx(0.9433, abs=1e-4)
    assert ratio(0, 10).low == 0.0
    assert ratio(10, 10).high == pytest.approx(1.0)
    assert ratio(0, 0).value is None
