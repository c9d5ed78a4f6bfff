"""Numbers that adding and subtracting has rounded are not wrong, and no other number is right."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from pipeline import contract, features
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.parity.batch import evaluate
from pipeline.parity.report import Parity
from pipeline.parity.tables import workspace
from pipeline.proof import Outcome
from pipeline.sources import TRANSACTION

from ...arithmetic.contract import last
from .stored import parity_of_topics, topic
from .test_parity import START, set_cell, transaction

ROLLING, TUMBLING = features.BUILT_IN[:2]
MEAN = "user_mean_trans_amt_last_360min"
LOOKBACK = timedelta(minutes=360)


def compared(feature: Feature, rows: list[dict[str, Any]], found: pa.Table) -> Parity:
    return parity_of_topics(feature, topic(rows), topic(found, feature.event_time))


def large_and_gone(large: float) -> tuple[list[dict[str, Any]], pa.Table, int]:
    """A large amount that has left the window before the last row of the user came."""
    minutes = [(0, 3.10), (1, large), (2, 7.77), (3, 12.99), (466 + 2 / 3, 1.01)]
    rows = [transaction(minute, 7, amount) for minute, amount in minutes]
    rows.append(transaction(540, 8))
    found = evaluate(ROLLING, topic(rows).table)
    last = found["trans_date_trans_time"].to_pylist().index(START + timedelta(hours=7.7777777778))
    return rows, found, last


@pytest.mark.parametrize(
    ("large", "written", "outcome"),
    [
        # What Flink does write.
        (92_445_516.64, 1.0099999904632568, Outcome.PROVED),
        (92_445_516.64, 1.0101, Outcome.WRONG),
        (92_445_516.64, 1.0, Outcome.WRONG),
        # Nothing large went through.
        (92.64, 1.0099999904632568, Outcome.WRONG),
    ],
)
def test_the_tolerance_knows_what_went_through_a_window(
    large: float, written: float, outcome: Outcome
) -> None:
    rows, found, last = large_and_gone(large)
    parity = compared(ROLLING, rows, set_cell(found, last, MEAN, written))
    assert parity.outcome is outcome, parity
    assert parity.different == (outcome is Outcome.WRONG)


def test_so_does_it_where_a_late_transaction_was_dropped_from_the_window() -> None:
    rows, found, last = large_and_gone(92_445_516.64)
    # Of the last row's window, but it arrives when everything is over.
    rows.append(transaction(466, 7, 5.0))
    parity = compared(ROLLING, rows, set_cell(found, last, MEAN, 1.0099999904632568))
    assert parity.outcome is Outcome.PROVED, parity
    assert parity.late == 1
    wrong = compared(ROLLING, rows, set_cell(found, last, MEAN, 1.0101))
    assert wrong.different == 1, wrong


def spread(transaction: ir.Table) -> ir.Table:
    """Something computed of several sums."""
    window = ibis.range_window(
        group_by=transaction.user_id,
        order_by=transaction.trans_date_trans_time,
        preceding=ibis.interval(minutes=360),
        following=0,
    )
    mean, std = transaction.amt.mean().over(window), transaction.amt.std(how="pop").over(window)
    return transaction.select(
        "user_id",
        "trans_date_trans_time",
        spread=mean / (std + 1.0),
        total=transaction.amt.sum().over(window),
    )


SPREAD = Feature("spread", "spread", spread)


def running(rows: list[dict[str, Any]]) -> pa.Table:
    """What a job writes that keeps a sum and a sum of squares, and adds and subtracts."""
    total = squares = 0.0
    inside: list[dict[str, Any]] = []
    found = []
    for row in rows:
        now: datetime = row[contract.TIME_COLUMN]
        for old in [one for one in inside if now - one[contract.TIME_COLUMN] > LOOKBACK]:
            inside.remove(old)
            total, squares = total - old["amt"], squares - old["amt"] ** 2
        inside.append(row)
        total, squares = total + row["amt"], squares + row["amt"] ** 2
        variance = max(0.0, (squares - total * total / len(inside)) / len(inside))
        found.append(
            {
                "user_id": row["user_id"],
                contract.TIME_COLUMN: now,
                "spread": total / len(inside) / (variance**0.5 + 1.0),
                "total": total,
            }
        )
    return pa.Table.from_pylist(found)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_computed_of_rounded_sums_may_be_off_by_as_much(seed: int) -> None:
    random = Random(seed)
    rows = [
        transaction(20 * n, 1, random.choice((1.0, 33.3, 4e4, 9e8)) * random.random())
        for n in range(400)
    ]
    found = running(rows)
    exact = evaluate(SPREAD, topic(rows).table).sort_by(contract.TIME_COLUMN)
    off = [
        abs(a - b)
        for a, b in zip(found["total"].to_pylist(), exact["total"].to_pylist(), strict=True)
    ]
    assert max(off) > 1e-9
    assert compared(SPREAD, rows, found).outcome is Outcome.PROVED
    wrong = set_cell(found, 200, "total", found["total"][200].as_py() * 1.000001 + 5.0)
    assert compared(SPREAD, rows, wrong).different == 1


def test_a_variance_of_large_numbers_in_a_window_is_forgiven_its_squares() -> None:
    def expression(table: ir.Table) -> ir.Table:
        hours = table.window_by(table.trans_date_trans_time).tumble(size=ibis.interval(hours=1))
        return hours.agg(by=["user_id"], variance=ibis._.amt.var(how="pop"))

    feature = Feature("variance", "variance", expression)
    rows = [transaction(n, 1, 9e6 + n % 3) for n in range(200)]
    right = evaluate(feature, topic(rows).table)
    off = [row["variance"] + 0.002 for row in right.to_pylist()]
    found = right.set_column(3, "variance", pa.array(off))
    assert compared(feature, rows, found).outcome is Outcome.PROVED
    worse = right.set_column(3, "variance", pa.array([value + 5 for value in off]))
    assert compared(feature, rows, worse).outcome is Outcome.WRONG


def before(transaction: ir.Table) -> ir.Table:
    """The time of the user's transaction before this one, and the last amount."""
    window = ibis.window(group_by=transaction.user_id, order_by=transaction.trans_date_trans_time)
    time = transaction.trans_date_trans_time
    return transaction.select("user_id", "trans_date_trans_time", before=time.lag().over(window))


BEFORE = Feature("before", "before", before)


def test_the_order_of_two_transactions_of_one_time_is_not_made_up() -> None:
    rows = [transaction(minute, 1) for minute in (0, 1, 1, 2, 30)]
    rows.append(transaction(60, 2))
    times = [row[contract.TIME_COLUMN] for row in rows]
    # Flink gives both of the tie the tie's own time.
    written = [None, times[1], times[1], times[1], times[3], None]
    found = [
        {
            "user_id": row["user_id"],
            contract.TIME_COLUMN: row[contract.TIME_COLUMN],
            "before": value,
        }
        for row, value in zip(rows, written, strict=True)
    ]
    kind = evaluate(BEFORE, topic(rows).table).schema
    parity = compared(BEFORE, rows, pa.Table.from_pylist(found, kind))
    assert parity.outcome is Outcome.NOT_JUDGED
    assert parity.ties == 1
    assert "equal times" in parity.reasons[0]
    # Where there is no tie before it, a row is wrong.
    found[0]["before"] = times[3]
    assert compared(BEFORE, rows, pa.Table.from_pylist(found, kind)).different == 1


def test_a_feature_with_dozens_of_sums_is_judged_in_the_memory_of_verify() -> None:
    def wide(rows: ir.Table) -> ir.Table:
        window = last(rows, hours=1)
        sums = {f"sum{n}": rows.amt.sum(where=rows.amt > n).over(window) for n in range(24)}
        return rows.select("user_id", contract.TIME_COLUMN, **sums)

    feature = Feature("wide", "wide_sums", wide)
    rows = [transaction(number * 3, number % 7, number % 97) for number in range(2_000)]
    right = evaluate(feature, topic(rows).table)
    spoiled = [row | {"sum3": 0.5} if row["user_id"] else row for row in right.to_pylist()]
    found = topic(spoiled, feature.event_time)
    parity = parity_of_topics(
        feature, topic(rows), found, database=partial(workspace, (TRANSACTION,))
    )
    right_ones = sum(row["user_id"] == 0 for row in rows)
    assert parity.outcome is Outcome.WRONG
    assert parity.equal == right_ones
    assert parity.missing == 0


def test_a_value_that_duckdb_refuses_is_a_sentence() -> None:
    said = r"DuckDB cannot recompute the rows: .*logarithm of zero\."
    with pytest.raises(InputError, match=said), workspace((TRANSACTION,)) as connection:
        connection.execute("SELECT ln(range) FROM range(3)").fetchall()
