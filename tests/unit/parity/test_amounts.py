"""The tolerance of sums and means for amounts from a cent to a billion, in both directions."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from pipeline import contract, features
from pipeline.features import Feature
from pipeline.parity.batch import evaluate
from pipeline.parity.report import Parity
from pipeline.proof import Outcome

from .stored import parity_of_topics, topic
from .test_parity import set_cell, transaction

ROLLING = features.BUILT_IN[0]
MEAN, COUNT = "user_mean_trans_amt_last_360min", "user_trans_count_last_360min"
LOOKBACK = timedelta(minutes=360)
AMOUNTS = [10.0**power for power in range(-2, 10)]
Rows = list[dict[str, Any]]
FINAL = -2
"""The newest row that the watermark has passed."""


def added_and_subtracted(rows: Rows) -> pa.Table:
    """What a job writes whose window keeps one sum of doubles."""
    total = 0.0
    inside: Rows = []
    found = []
    for row in rows:
        now: datetime = row[contract.TIME_COLUMN]
        for old in [each for each in inside if now - each[contract.TIME_COLUMN] > LOOKBACK]:
            inside.remove(old)
            total -= old["amt"]
        inside.append(row)
        total += row["amt"]
        mean = {MEAN: total / len(inside), COUNT: len(inside)}
        found.append({"user_id": row["user_id"], **mean, contract.TIME_COLUMN: now})
    return pa.Table.from_pylist(found)


def passing(large: float, small: float) -> Rows:
    """A large amount goes through the window of small ones, which are all that is left."""
    amounts = [small, 3 * small, large, 7 * small]
    rows = [transaction(minute, 7, amount) for minute, amount in enumerate(amounts)]
    return [*rows, *(transaction(400 + n, 7, small * (1 + n / 7)) for n in range(20))]


def compared(feature: Feature, rows: Rows, found: pa.Table) -> Parity:
    return parity_of_topics(feature, topic(rows), topic(found, feature.event_time))


@pytest.mark.parametrize("small", [0.01, 1.01, 99.99])
@pytest.mark.parametrize("large", AMOUNTS)
def test_a_window_that_a_large_amount_has_left_is_not_accused(large: float, small: float) -> None:
    rows = passing(large, small)
    found = added_and_subtracted(rows)
    parity = compared(ROLLING, rows, found)
    assert (parity.outcome, parity.different) == (Outcome.PROVED, 0), parity
    if large >= 1e7:
        # The error is there, and more than a share of the mean allows.
        exact = evaluate(ROLLING, topic(rows).table).sort_by(contract.TIME_COLUMN)[MEAN].to_pylist()
        pairs = list(zip(found[MEAN].to_pylist(), exact, strict=True))
        assert small > 1 or max(abs(a - b) / b for a, b in pairs) > 1e-9


@pytest.mark.parametrize("large", AMOUNTS)
def test_a_cent_too_much_is_found_whatever_has_gone_through_the_window(large: float) -> None:
    rows = passing(large, 0.01)
    right = added_and_subtracted(rows)
    count = right[COUNT][FINAL].as_py()
    for cents in (-1, 1):
        wrong = right[MEAN][FINAL].as_py() + cents * 0.01 / count
        parity = compared(ROLLING, rows, set_cell(right, FINAL, MEAN, wrong))
        assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity


@pytest.mark.parametrize("amount", AMOUNTS)
def test_without_a_large_amount_a_millionth_of_the_smallest_is_found(amount: float) -> None:
    """In windows of equal magnitudes, of whatever size."""
    rows = [transaction(minute, 7, amount * (1 + minute % 3)) for minute in range(30)]
    # Somebody else's large amount goes through another window.
    rows.append(transaction(31, 8, 1e9))
    right = added_and_subtracted(rows[:-1])
    others = evaluate(ROLLING, topic(rows[-1:]).table).select(right.column_names)
    found = pa.concat_tables([right, others.cast(right.schema)])
    assert compared(ROLLING, rows, found).outcome is Outcome.PROVED
    count = right[COUNT][20].as_py()
    wrong = found[MEAN][20].as_py() + amount * 1e-6 / count
    assert compared(ROLLING, rows, set_cell(found, 20, MEAN, wrong)).different == 1


def exact_sum(transactions: ir.Table) -> ir.Table:
    window = ibis.range_window(
        group_by=transactions.user_id,
        order_by=transactions.trans_date_trans_time,
        preceding=ibis.interval(minutes=360),
        following=0,
    )
    total = transactions.amt.cast("decimal(12,2)").sum().over(window)
    return transactions.select("user_id", "trans_date_trans_time", total=total)


@pytest.mark.parametrize("large", AMOUNTS)
def test_decimals_are_exact_to_the_cent(large: float) -> None:
    feature = Feature("exact", "exact", exact_sum)
    rows = passing(large, 0.01)
    found = evaluate(feature, topic(rows).table).sort_by(contract.TIME_COLUMN)
    totals = found["total"].to_pylist()
    cents = [sum(Decimal(f"{row['amt']:.2f}") for row in rows[:n]) for n in (1, 2, 3, 4)]
    assert totals[:4] == cents
    parity = compared(feature, rows, found)
    assert (parity.outcome, parity.largest_relative_error) == (Outcome.PROVED, 0)
    for at in (3, FINAL):
        wrong = set_cell(found, at, "total", totals[at] + Decimal("0.01"))
        parity = compared(feature, rows, wrong)
        assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity
