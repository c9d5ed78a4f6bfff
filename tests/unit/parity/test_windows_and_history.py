"""Late rows of windows, and results at the edge of what the topics still hold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from pipeline import contract, features
from pipeline.features import Feature
from pipeline.parity.batch import evaluate, lookback
from pipeline.parity.report import Parity
from pipeline.proof import Outcome

from .stored import parity_of_topics, topic

START = datetime(2024, 1, 1)
Transactions = list[dict[str, Any]]


def hopping_expression(transaction: ir.Table) -> ir.Table:
    windows = transaction.window_by(transaction[contract.TIME_COLUMN]).hop(
        size=ibis.interval(minutes=360), slide=ibis.interval(minutes=120)
    )
    return windows.agg(by=[contract.KEY_COLUMN], total=ibis._.amt.sum(), count=ibis._.count())


ROLLING, TUMBLING, FLAGGED = (feature for feature in features.BUILT_IN[:3])
HOPPING = Feature("hops", "hops", hopping_expression)


def transaction(minute: float, user: int = 1, amount: float = 10.0) -> dict[str, Any]:
    text = dict.fromkeys(("merchant", "category", "first", "last", "zipcode", "dob"), "x")
    time = START + timedelta(minutes=minute)
    numbers = {"cc_num": user, "amt": amount, "is_fraud": 1, "user_id": user}
    return {contract.TIME_COLUMN: time, "trans_num": "t", **text, **numbers}


def flink(feature: Feature, sent: Transactions) -> pa.Table:
    """What a window job writes: a late transaction counts in the windows that are still open.

    Worked out one window at a time, from what had arrived when the watermark passed its end.
    """
    watermark = START
    groups: dict[tuple[datetime, datetime, int], Transactions] = {}
    every = {(r["window_start"], r["window_end"]) for r in evaluate_rows(feature, sent)}
    for row in sent:
        for start, end in every:
            open_still = end - timedelta(milliseconds=1) > watermark
            if start <= row[contract.TIME_COLUMN] < end and open_still:
                groups.setdefault((start, end, row["user_id"]), []).append(row)
        watermark = max(watermark, row[contract.TIME_COLUMN] - contract.WATERMARK_DELAY)
    written = [
        found
        for (start, end, _), rows in groups.items()
        if end <= watermark
        for found in evaluate_rows(feature, rows)
        if found["window_start"] == start
    ]
    return pa.Table.from_pylist(written, evaluate(feature, topic(sent).table).schema)


def evaluate_rows(feature: Feature, sent: Transactions) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = evaluate(feature, topic(sent).table).to_pylist()
    return found


def compared(feature: Feature, sent: Transactions, found: pa.Table, *, cut: int = 0) -> Parity:
    kept = topic(sent[cut:], truncated=frozenset({0} if cut else ()))
    return parity_of_topics(feature, kept, topic(found, feature.event_time))


# Rows of other users come half a minute late all day, into windows that are open; one comes late
# into a window that has closed.
DAY: Transactions = []
for minute in range(0, 1_000, 4):
    DAY.append(transaction(minute, amount=1.0 + minute))
    if minute % 40 == 20:
        DAY.append(transaction(minute - 0.5, 2 + minute % 7, 7.0))
    if minute == 364:
        DAY.append(transaction(350, 1, 5.0))


@pytest.mark.parametrize("feature", [TUMBLING, HOPPING], ids=lambda feature: feature.name)
def test_only_what_came_after_its_window_closed_is_late(feature: Feature) -> None:
    parity = compared(feature, DAY, flink(feature, DAY))
    assert parity.proved
    assert parity.late == 1
    assert parity.equal > 0


@pytest.mark.parametrize("feature", [TUMBLING, HOPPING], ids=lambda feature: feature.name)
def test_late_rows_do_not_excuse_a_wrong_window(feature: Feature) -> None:
    found = flink(feature, DAY)
    count = feature.measures[-1]
    wrong = pa.array([row[count] + (number == 0) for number, row in enumerate(found.to_pylist())])
    found = found.set_column(found.schema.get_field_index(count), count, wrong)
    assert compared(feature, DAY, found).different == 1


@pytest.mark.parametrize("feature", [ROLLING, FLAGGED], ids=lambda feature: feature.name)
def test_records_out_of_order_where_a_topic_is_cut_are_no_fault(feature: Feature) -> None:
    sent = [transaction(second / 6, 1 + second % 3, 1.0 + second) for second in range(3_000)]
    sent[999], sent[1000] = sent[1000], sent[999]
    parity = compared(feature, sent, evaluate(feature, topic(sent).table), cut=1_000)
    # Where all results reach back over the cut, there is nothing to judge.
    assert parity.outcome is (Outcome.PROVED if parity.expected else Outcome.NOT_JUDGED)
    assert (parity.missing, parity.different) == (0, 0)
    assert parity.before_history > 0


def over(preceding: int | None, times: int = 1, *, rows: bool = False) -> Feature:
    """A feature of windows over windows."""

    def expression(table: ir.Table) -> ir.Table:
        for _ in range(times):
            time = table[contract.TIME_COLUMN]
            if rows or preceding is None:
                window = ibis.window(
                    group_by=table.user_id, order_by=time, preceding=preceding, following=0
                )
            else:
                length = ibis.interval(minutes=preceding)
                window = ibis.range_window(
                    group_by=table.user_id, order_by=time, preceding=length, following=0
                )
            table = table.select(
                table.user_id, amt=table.amt.max().over(window), trans_date_trans_time=time
            )
        return table

    return Feature("over", "over", expression)


def test_windows_on_windows_look_further_back() -> None:
    assert lookback(over(60).table) == timedelta(minutes=60)
    assert lookback(over(60, times=2).table) == timedelta(minutes=120)


@pytest.mark.parametrize("feature", [over(None), over(5, rows=True)], ids=["all", "rows"])
def test_without_a_bound_in_time_nothing_is_judged_once_records_are_gone(feature: Feature) -> None:
    assert lookback(feature.table) is None
    right = evaluate(feature, topic(DAY).table)
    assert compared(feature, DAY, right).proved
    parity = compared(feature, DAY, right, cut=50)
    assert (parity.expected, parity.outcome) == (0, Outcome.NOT_JUDGED)
    assert parity.before_history > 0
