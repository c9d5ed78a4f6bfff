"""Mismatches are listed with their kind, their reason and the records they are computed from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest

from pipeline import contract, features
from pipeline.errors import InputError
from pipeline.features import Feature
from pipeline.findings import EVERY_ROW, Kind, Mismatch
from pipeline.parity.batch import evaluate
from pipeline.parity.report import Parity, render, render_rows

from ...arithmetic.contract import last
from .stored import Rows, parity_of_topics, topic
from .test_parity import DAY, ROLLING, START, TUMBLING, result, set_cell, transaction

MEAN = "user_mean_trans_amt_last_360min"
COUNT = "user_trans_count_last_360min"
BEGINNING = contract.TIME_COLUMN


def compared(
    found: pa.Table,
    rows: Rows = DAY,
    *,
    only: Mapping[str, str] = EVERY_ROW,
    dropped: int | None = None,
) -> Parity:
    sink = topic(found, ROLLING.event_time)
    return parity_of_topics(ROLLING, topic(rows), sink, only=only, dropped=dropped)


def the_one(parity: Parity) -> Mismatch:
    (only,) = parity.mismatches
    return only


def place(rows: pa.Table, user: int, minute: float) -> int:
    """The index of a user's row."""
    moment = START + timedelta(minutes=minute)
    (index,) = (
        index
        for index, row in enumerate(rows.to_pylist())
        if (row["user_id"], row[BEGINNING]) == (user, moment)
    )
    return index


def at(minute: float) -> str:
    return str(START + timedelta(minutes=minute))


def test_a_different_row_has_what_is_expected_beside_it_and_its_inputs() -> None:
    right = result(ROLLING)
    index = place(right, 2, 300)
    value = right[MEAN][index].as_py()
    found = the_one(compared(set_cell(right, index, MEAN, value * 1.25)))
    assert (found.kind, found.reason) == (Kind.DIFFERENT, "its inputs give another result")
    assert found.expected is not None and found.found is not None
    assert found.expected[MEAN] == value and found.found[MEAN] == value * 1.25
    assert found.errors == {MEAN: pytest.approx(0.2)}
    assert found.differing == (MEAN,)
    # 300 minutes into the day: one transaction every ten minutes, both ends included.
    assert (found.identity["user_id"], found.at) == (2, START + timedelta(minutes=300))
    assert found.inputs_total == found.expected[COUNT] == 31
    assert len(found.inputs) == 30
    newest = found.inputs[0]
    assert newest.values["user_id"] == 2
    assert newest.values[BEGINNING] == at(300) == found.identity[BEGINNING]
    assert DAY[newest.offset]["user_id"] == 2
    assert {each.late_seconds for each in found.inputs} == {0.0}


def test_missing_and_unexpected_rows_have_one_side() -> None:
    right = result(ROLLING).sort_by(BEGINNING)
    stray = set_cell(right.slice(0, 1), 0, "user_id", 99)
    missing, unexpected = compared(pa.concat_tables([right.slice(1), stray])).mismatches
    assert (missing.kind, unexpected.kind) == (Kind.MISSING, Kind.UNEXPECTED)
    assert missing.expected is not None and missing.found is None
    assert unexpected.expected is None and unexpected.found is not None
    assert missing.errors == unexpected.errors == {}
    assert (missing.inputs_total, unexpected.inputs_total) == (1, 0)


def test_what_waits_and_what_came_twice_is_told_from_what_is_wrong() -> None:
    right = result(ROLLING).sort_by(BEGINNING)
    rows = pa.concat_tables([right.slice(0, right.num_rows - 1), right.slice(5, 1)])
    parity = compared(rows)
    assert parity.proved
    kinds = [each.kind for each in parity.mismatches]
    assert kinds == [Kind.DUPLICATE, Kind.WAITING]
    twice, waits = parity.mismatches
    assert twice.expected == twice.found
    assert waits.found is None and waits.expected is not None
    assert (twice.reason, waits.reason) == (
        "it is in the sink more often than expected, as after a restart",
        "it is not final before the watermark has passed it",
    )


def test_a_late_transaction_names_its_row_and_how_late_it_was() -> None:
    rows = [transaction(minute) for minute in range(0, 100, 10)]
    late = transaction(45)
    found = evaluate(ROLLING, topic(rows).table)
    parity = compared(found, [*rows, late], dropped=1)
    row = the_one(parity)
    assert parity.late == 1 and parity.proved
    assert (row.kind, row.reason) == (Kind.LATE, "its transaction was dropped as late")
    assert row.identity[BEGINNING] == at(45)
    # The newest is 45 minutes ahead, and the watermark 15 s behind that.
    assert row.inputs[0].late_seconds == pytest.approx(45 * 60 - 15, abs=0.01)
    assert {each.late_seconds for each in row.inputs[1:]} == {0.0}


def in_six_hours(rows: ir.Table) -> ir.Table:
    count = rows.count().over(last(rows, hours=6))
    return rows.select("user_id", BEGINNING, n=count, large=(rows.amt > 500).ifelse(1, 0))


EACH = Feature("each", "each_transaction", in_six_hours)
LARGE = Feature(
    "large", "large_ones", lambda rows: in_six_hours(rows).filter(ibis._.large == 1).drop("large")
)


@pytest.mark.parametrize(
    ("feature", "late", "rows"),
    [
        # What is lost is told apart by what was computed.
        (EACH, (transaction(45, amount=700), transaction(45, amount=3)), 2),
        # What was dropped has no row anyway, but counts in those after it.
        (LARGE, (transaction(45, amount=700), transaction(45, amount=3)), 1),
        (LARGE, (transaction(45, amount=3), transaction(45, amount=700)), 1),
        (LARGE, (transaction(46, amount=3), transaction(45, amount=700)), 1),
        (LARGE, (transaction(46, amount=3),), 0),
    ],
)
def test_late_transactions_explain_the_rows_after_them_with_a_row_of_theirs_or_without(
    feature: Feature, late: tuple[dict[str, Any], ...], rows: int
) -> None:
    on_time = [transaction(minute, amount=900) for minute in range(0, 100, 10)]
    found = topic(evaluate(feature, topic(on_time).table), feature.event_time)
    read = topic([*on_time, *late])
    parity = parity_of_topics(feature, read, found, dropped=len(late))
    assert parity.proved and parity.late == rows
    # Where Flink has dropped none, they explain nothing.
    assert not parity_of_topics(feature, read, found, dropped=0).proved


def test_a_window_that_fired_early_is_late_rather_than_wrong() -> None:
    rows = [transaction(minute) for minute in range(0, 1_000, 10)]
    late = transaction(5)
    found = evaluate(TUMBLING, topic(rows).table)
    parity = parity_of_topics(TUMBLING, topic([*rows, late]), topic(found, TUMBLING.event_time))
    kinds = {each.kind: each for each in parity.mismatches}
    assert parity.proved, render([parity])
    early = kinds[Kind.LATE]
    assert early.reason == "its window fired before late transactions of it arrived"
    assert early.expected is not None and early.found is not None
    assert early.expected[COUNT] == early.inputs_total
    assert early.found[COUNT] == early.inputs_total - 1


def test_some_of_very_many_are_listed_the_wrong_ones_first() -> None:
    right = result(ROLLING)
    parity = compared(right.slice(150))
    assert parity.missing > 100
    listed = [each for each in parity.mismatches if each.kind is Kind.MISSING]
    assert len(listed) == 60
    assert [each.at for each in listed] == sorted(each.at for each in listed)
    assert "More of them, and what they are computed from: --json." in render([parity])


def test_chosen_rows_are_listed_also_if_they_are_equal() -> None:
    right = result(ROLLING)
    wrong = set_cell(right, place(right, 2, 300), COUNT, 7)
    one = the_one(compared(wrong, only={"user_id": "2", BEGINNING: at(290)}))
    assert (one.kind, one.reason) == (Kind.EQUAL, "both engines give the same")
    assert one.expected == one.found
    assert one.inputs_total == 30
    other = the_one(compared(wrong, only={"user_id": "2", BEGINNING: at(300)}))
    assert other.kind is Kind.DIFFERENT
    assert compared(wrong, only={"user_id": "77"}).mismatches == ()
    assert len(compared(wrong, only={BEGINNING: f"{at(300)}+00:00"}).mismatches) == 3


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("user_id", "no number"), ("user_id", "2.4"), ("user_id", ""), (BEGINNING, "noon"),
        (BEGINNING, "0001-01-01T00:00:00+14:00"), (COUNT, "3"), ("nobody", "1"),
    ],
)  # fmt: skip
def test_a_row_that_there_cannot_be_is_refused(column: str, value: str) -> None:
    with pytest.raises(InputError, match=f"{column}"):
        compared(result(ROLLING), only={column: value})


def test_the_rows_in_words() -> None:
    right = result(ROLLING)
    wrong = set_cell(right, place(right, 1, 10), COUNT, 7)
    parity = compared(wrong, only={"user_id": "1", BEGINNING: at(10)})
    lines = render_rows(parity).splitlines()
    assert lines[0].startswith("different: ") and "user_id 1" in lines[0]
    assert lines[1].startswith("    expected ") and lines[2].startswith("    found    ")
    assert lines[3] == f"    {COUNT} is off by 7.1e-01 of its size"
    assert lines[4:6] == ["    its inputs give another result", "    computed from 2 records:"]
    assert len(lines) == 8 and "0:3" in lines[6]


@pytest.mark.parametrize("feature", features.BUILT_IN, ids=lambda feature: feature.name)
def test_every_kind_of_feature_finds_its_inputs(feature: features.Feature) -> None:
    right = result(feature).sort_by(feature.event_time)
    parity = parity_of_topics(feature, topic(DAY), topic(right.slice(1), feature.event_time))
    missing = parity.mismatches[0]
    assert missing.kind is Kind.MISSING
    assert missing.inputs_total >= 1
    assert missing.identity.keys() == set(feature.identity)
