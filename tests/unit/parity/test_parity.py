"""The oracle on rows made up in memory: it sees what is wrong, and only that."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute
import pytest

from pipeline import features
from pipeline.features import Feature
from pipeline.findings import Kind
from pipeline.parity import lateness, ways
from pipeline.parity.batch import evaluate
from pipeline.parity.report import Parity, render
from pipeline.parity.tables import StoredRows
from pipeline.proof import Outcome
from pipeline.sources import TRANSACTION

from .stored import parity_of_topics, topic

ROLLING, TUMBLING, FLAGGED = features.BUILT_IN[:3]
START = datetime(2024, 1, 1)


def transaction(
    minute: float, user: int = 1, amount: float = 10.0, fraud: int = 0
) -> dict[str, Any]:
    return {
        "trans_date_trans_time": START + timedelta(minutes=minute),
        "cc_num": 4_000 + user,
        "merchant": "fraud_A, B and C",
        "category": "home",
        "amt": amount,
        "first": "Jo",
        "last": "Fox",
        "zipcode": "02150",
        "dob": "1989-06-09",
        "trans_num": "ab",
        "is_fraud": fraud,
        "user_id": user,
    }


# A day of three users, with ties, identical twins, and one who stops early.
DAY = [
    transaction(minute, user, amount=5.0 + minute % 7, fraud=int(minute % 50 == 0))
    for minute in range(0, 1_440, 10)
    for user in (1, 2, 3)
    if user != 3 or minute < 600
]
DAY.insert(31, dict(DAY[30]))


def result(feature: Feature, rows: list[dict[str, Any]] = DAY) -> pa.Table:
    return evaluate(feature, topic(rows).table)


def compared(
    feature: Feature,
    found: pa.Table,
    rows: list[dict[str, Any]] = DAY,
    *,
    sink_truncated: frozenset[int] = frozenset(),
    transactions_truncated: frozenset[int] = frozenset(),
) -> Parity:
    transactions = topic(rows, truncated=transactions_truncated)
    sink = topic(found, feature.event_time, truncated=sink_truncated)
    return parity_of_topics(feature, transactions, sink)


def set_cell(table: pa.Table, row: int, column: str, value: Any) -> pa.Table:
    rows = table.to_pylist()
    rows[row][column] = value
    return pa.Table.from_pylist(rows, schema=table.schema)


@pytest.mark.parametrize("feature", features.BUILT_IN, ids=lambda feature: feature.name)
def test_right_results_are_proved(feature: Feature) -> None:
    parity = compared(feature, result(feature))
    assert parity.proved
    assert parity.expected == parity.equal > 5
    assert (parity.missing, parity.different, parity.duplicates, parity.waiting) == (0, 0, 0, 0)


@pytest.mark.parametrize("feature", features.BUILT_IN, ids=lambda feature: feature.name)
def test_a_missing_row_is_seen(feature: Feature) -> None:
    # The earliest one, which does not wait for the watermark any more.
    parity = compared(feature, result(feature).sort_by(feature.event_time).slice(1))
    assert (parity.missing, parity.different) == (1, 0)
    assert [each.kind for each in parity.mismatches] == ["missing"]
    assert not parity.proved


@pytest.mark.parametrize(
    ("column", "by", "wrong"),
    [
        ("user_mean_trans_amt_last_360min", 1e-6, 1),
        ("user_mean_trans_amt_last_360min", 1e-12, 0),
        ("user_trans_count_last_360min", 1, 1),
    ],
)
@pytest.mark.parametrize("feature", [ROLLING, TUMBLING], ids=lambda feature: feature.name)
def test_a_different_number_is_seen(feature: Feature, column: str, by: float, wrong: int) -> None:
    right = result(feature).sort_by(feature.event_time)
    parity = compared(feature, set_cell(right, 3, column, right[column][3].as_py() + by))
    assert (parity.different, parity.missing) == (wrong, 0)
    assert parity.largest_relative_error < 1e-9


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1.7e308])
@pytest.mark.parametrize("feature", [ROLLING, TUMBLING], ids=lambda feature: feature.name)
def test_what_is_no_number_or_no_finite_one_is_no_match(feature: Feature, value: float) -> None:
    mean = "user_mean_trans_amt_last_360min"
    right = result(feature).sort_by(feature.event_time)
    parity = compared(feature, set_cell(right, 3, mean, value))
    assert (parity.outcome, parity.different, parity.duplicates) == (Outcome.WRONG, 1, 0)
    (one,) = (each for each in parity.mismatches if each.kind.wrong)
    assert one.errors.get(mean, 1.0) in (1.0, 2.0), "at most twice the larger value"
    assert math.isfinite(parity.largest_relative_error)


@pytest.mark.parametrize("amount", [math.inf, math.nan, 1.7e308])
def test_infinite_results_of_both_are_equal_and_differ_from_finite_ones(amount: float) -> None:
    rows = [transaction(minute, amount=amount) for minute in range(0, 600, 10)]
    right = result(ROLLING, rows)
    assert compared(ROLLING, right, rows).proved
    assert not math.isfinite(right["user_mean_trans_amt_last_360min"][20].as_py())
    wrong = set_cell(right, 20, "user_mean_trans_amt_last_360min", 5.0)
    assert compared(ROLLING, wrong, rows).different == 1


def test_where_every_row_differs_not_every_way_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "_MOST_TRIES", 1)
    tried: list[int] = []
    fitting = ways._fitting

    def counted(feature: Feature, transactions: StoredRows, which: dict[int, Any]) -> Any:
        tried.append(len(which))
        return fitting(feature, transactions, which)

    monkeypatch.setattr(ways, "_fitting", counted)
    # Seven hours apart, and in the wrong order, so that any may have met cleared state.
    rows = [transaction(minute, user) for minute in range(0, 50_000, 420) for user in (1, 2)]
    rows += [transaction(minute + 200, user) for minute in range(0, 50_000, 420) for user in (1, 2)]
    right = result(ROLLING, rows)
    column = "user_trans_count_last_360min"
    wrong = right.set_column(
        right.column_names.index(column), column, pa.compute.add(right[column], 5)
    )
    parity = compared(ROLLING, wrong, rows)
    assert len(tried) == 1
    assert parity.outcome is Outcome.WRONG
    assert parity.different + parity.undecided > 200
    assert parity.different > 0 and parity.undecided > 0


def test_a_row_of_nobody_is_seen() -> None:
    right = result(ROLLING)
    stray = set_cell(right.slice(0, 1), 0, "user_id", 99)
    parity = compared(ROLLING, pa.concat_tables([right, stray]))
    assert parity.different == 1
    assert [each.kind for each in parity.mismatches] == ["not expected"]


def test_rows_delivered_twice_are_counted_and_forgiven() -> None:
    right = result(ROLLING)
    parity = compared(ROLLING, pa.concat_tables([right, right.slice(5, 4)]))
    assert parity.proved
    assert parity.duplicates == 4


@pytest.mark.parametrize("feature", [ROLLING, TUMBLING], ids=lambda feature: feature.name)
def test_a_row_that_was_right_and_differs_when_it_is_written_again_is_not_judged(
    feature: Feature,
) -> None:
    right = result(feature).sort_by(feature.event_time)
    column = "user_trans_count_last_360min"
    other = set_cell(right.slice(3, 1), 0, column, right[column][3].as_py() + 1)
    again = pa.concat_tables([right, right.slice(5, 4)])

    parity = compared(feature, pa.concat_tables([again, other]))
    assert (parity.outcome, parity.undecided, parity.different) == (Outcome.NOT_JUDGED, 1, 0)
    (one,) = (each for each in parity.mismatches if each.kind is Kind.UNDECIDED)
    assert "computed again" in one.reason

    # Nothing was written again, so there was no restart.
    parity = compared(feature, pa.concat_tables([right, other]))
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1)
    # The right row is not there.
    without = pa.concat_tables([again.slice(0, 3), again.slice(4), other])
    parity = compared(feature, without)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1)
    # Flink says how many records it has dropped since the job began.
    connected = topic(DAY), topic(pa.concat_tables([again, other]), feature.event_time)
    parity = parity_of_topics(feature, *connected, dropped=0)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1)
    # It says nothing of what was written before.
    written = connected[1].arrived[-1]
    parity = parity_of_topics(feature, *connected, dropped=0, since=written)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1)
    parity = parity_of_topics(feature, *connected, dropped=0, since=written + 1)
    assert (parity.outcome, parity.undecided, parity.different) == (Outcome.NOT_JUDGED, 1, 0)


def test_one_of_two_identical_rows_is_missed() -> None:
    """Two identical transactions have two identical results; one of them is not enough."""
    right = result(ROLLING).to_pylist()
    twins = [i for i, row in enumerate(right) if right.count(row) == 2]
    assert len(twins) == 2
    del right[twins[0]]
    parity = compared(ROLLING, pa.Table.from_pylist(right))
    assert (parity.missing, parity.duplicates) == (1, 0)


def test_what_the_watermark_has_not_passed_waits() -> None:
    right = result(ROLLING)
    newest = max(right["trans_date_trans_time"].to_pylist())
    found = right.filter(pa.array([t < newest for t in right["trans_date_trans_time"].to_pylist()]))
    parity = compared(ROLLING, found)
    assert parity.proved
    assert parity.waiting == right.num_rows - found.num_rows > 0

    windows = result(TUMBLING)
    closed = windows.filter(
        pa.array([end <= START + timedelta(hours=18) for end in windows["window_end"].to_pylist()])
    )
    parity = compared(TUMBLING, closed)
    assert parity.proved
    assert parity.waiting == windows.num_rows - closed.num_rows == 2


def test_the_slowest_partition_holds_the_watermark() -> None:
    newest = {0: 60_000_000, 1: 100_000_000}
    mark = 60_000_000 - lateness.delay(TRANSACTION)
    assert lateness.watermark(TRANSACTION, newest) == mark
    assert lateness.watermark(TRANSACTION, newest, [0, 1]) == mark
    # Nothing read of a partition that holds something: nothing is final.
    assert lateness.watermark(TRANSACTION, newest, [0, 1, 2]) < -(10**17)


def test_dropped_late_transactions_are_told_from_lost_results() -> None:
    late = [transaction(5, 1, 77.0), transaction(6, 2, 78.0)]
    parity = compared(ROLLING, result(ROLLING), [*DAY, *late])
    assert parity.proved
    assert parity.late == 2
    assert "watermark" in parity.late_reason
    parity = compared(TUMBLING, result(TUMBLING), [*DAY, *late])
    assert parity.proved
    assert parity.late == 2


def test_lateness_excuses_nothing_else() -> None:
    parity = compared(ROLLING, result(ROLLING).slice(20), [*DAY, transaction(5, 1, 77.0)])
    assert parity.missing == 20
    assert not parity.proved


def test_a_filter_drops_nothing_as_late() -> None:
    rows = [*DAY, transaction(5, 1, fraud=1)]
    parity = compared(FLAGGED, result(FLAGGED), rows)
    assert (parity.late, parity.missing) == (0, 1)


def test_a_late_transaction_that_was_taken_is_no_reason_for_anything() -> None:
    rows = [*DAY, transaction(1_420, 1, 77.0)]
    parity = compared(ROLLING, result(ROLLING, rows), rows)
    assert (parity.late, parity.missing, parity.different) == (0, 0, 0)


def test_before_history_begins_nothing_is_judged() -> None:
    """The first 200 transactions are gone from the topic; Flink had them, DuckDB has not."""
    kept = DAY[200:]
    parity = compared(ROLLING, result(ROLLING), kept, transactions_truncated=frozenset({0}))
    assert parity.proved
    assert parity.before_history > 200
    assert 0 < parity.expected < len(kept)
    # Without knowing that records are gone it would all look wrong.
    assert compared(ROLLING, result(ROLLING), kept).different > 50


def test_a_sink_that_lost_its_oldest_rows_is_judged_from_there() -> None:
    right = result(FLAGGED)
    order = right.sort_by("trans_date_trans_time")
    parity = compared(FLAGGED, order.slice(10), sink_truncated=frozenset({0}))
    assert parity.proved
    assert parity.expected < right.num_rows


def test_no_transactions_at_all() -> None:
    for feature in features.BUILT_IN:
        empty = topic(DAY[:1]).table.slice(0, 0)
        sink = topic(evaluate(feature, empty), feature.event_time)
        parity = parity_of_topics(feature, topic(empty), sink)
        assert parity.outcome is Outcome.NOT_JUDGED
        assert parity.reasons == ("there is no result to verify",)
        assert parity.expected == 0


def test_the_report_says_it_in_columns_and_words() -> None:
    parity = compared(ROLLING, result(ROLLING).slice(1))
    text = render([replace(parity, stopped=True), compared(FLAGGED, result(FLAGGED))])
    header, first, second, *remarks = text.splitlines()
    assert header.split()[:5] == ["EXPECTED", "EQUAL", "WAITING", "LATE", "MISSING"]
    assert first.split()[:2] == ["✗", "rolling"]
    assert second.split()[:2] == ["✓", "flagged"]
    assert len(first) == len(second)
    assert any("the job does not run" in line for line in remarks)
    assert any("missing: user_id" in line for line in remarks)


def test_the_report_shows_no_control_character_of_a_topic() -> None:
    hostile = {**transaction(0, fraud=1), "merchant": "fraud_\x1b[2J\u202e"}
    rows = [hostile, *DAY]
    missing = result(FLAGGED, rows).filter(
        pa.array([m == "fraud_A, B and C" for m in result(FLAGGED, rows)["merchant"].to_pylist()])
    )
    text = render([compared(FLAGGED, missing, rows)])
    assert "\\x1b[2J\\u202e" in text
    assert "\x1b" not in text


def test_columns_may_be_called_what_they_like() -> None:
    """Also what a comparison would call its own columns."""

    def rows(transaction: ir.Table) -> ir.Table:
        time = transaction.trans_date_trans_time
        hours = transaction.window_by(time).tumble(size=ibis.interval(hours=1))
        count = ibis._.count()
        return hours.agg(
            by={"id": transaction.user_id, "found": transaction.category},
            **dict.fromkeys(
                ("n", "final", "checked", "error", "matches", "wrong", "absent"), count
            ),
        )

    feature = Feature("own", "own", rows)
    parity = compared(feature, result(feature))
    assert parity.proved
    assert parity.expected == parity.equal > 40
    wrong = set_cell(result(feature).sort_by("window_end"), 0, "n", 99)
    assert (compared(feature, wrong).different, compared(feature, wrong).missing) == (1, 0)
