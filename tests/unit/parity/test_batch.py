"""Batch evaluation against plain Python: ties, windows, whatever the times."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import features
from pipeline.errors import UnavailableError
from pipeline.features.feature import Feature
from pipeline.parity.batch import evaluate, lookback
from pipeline.parity.tables import workspace
from pipeline.sources import TRANSACTION

ROLLING, TUMBLING, FLAGGED, HOPPING, CUMULATING = features.BUILT_IN
EPOCH = datetime(1970, 1, 1)
SIX_HOURS = timedelta(hours=6)


def hop(transaction: ir.Table) -> ir.Table:
    """Sum of amounts in windows of six hours, a new one every two."""
    windows = transaction.window_by(transaction.trans_date_trans_time).hop(
        size=ibis.interval(hours=6), slide=ibis.interval(hours=2)
    )
    return windows.agg(by=["user_id"], total=ibis._.amt.sum(), count=ibis._.count())


HOP = Feature(name="hop", topic="hop", expression=hop)


def rows(values: list[tuple[int, int, int]]) -> pa.Table:
    text = {"merchant": "m", "category": "c", "first": "f", "last": "l"}
    text |= {"zipcode": "z", "dob": "d", "trans_num": "t"}
    return pa.Table.from_pylist(
        [
            {
                "trans_date_trans_time": EPOCH + timedelta(seconds=second),
                "cc_num": user,
                "amt": amount / 100,
                "is_fraud": amount % 2,
                "user_id": user,
                **text,
            }
            for second, user, amount in values
        ]
    )


# Few users and many equal seconds, on both sides of the epoch.
VALUES = st.lists(
    st.tuples(
        st.integers(-100_000, 100_000).map(lambda n: n // 100 * 100),
        st.integers(-2, 2),
        st.integers(1, 10_000),
    ),
    min_size=1,
    max_size=60,
)


def found(table: pa.Table) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in table.to_pylist())


def approximately(expected: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [
        tuple(pytest.approx(v, rel=1e-9) if isinstance(v, float) else v for v in row)
        for row in sorted(expected)
    ]


@settings(max_examples=30, deadline=None)
@given(VALUES)
def test_rolling_is_what_python_works_out(values: list[tuple[int, int, int]]) -> None:
    expected = []
    for second, user, _ in values:
        last = [a / 100 for s, u, a in values if u == user and second - 360 * 60 <= s <= second]
        moment = EPOCH + timedelta(seconds=second)
        expected.append((user, sum(last) / len(last), len(last), moment))
    assert found(evaluate(ROLLING, rows(values))) == approximately(expected)


def windows_of(second: int, size: int, slide: int) -> list[datetime]:
    newest = second // slide * slide
    return [
        EPOCH + timedelta(seconds=start)
        for start in range(newest - size + slide, newest + 1, slide)
    ]


@settings(max_examples=30, deadline=None)
@given(VALUES)
@pytest.mark.parametrize(("feature", "slide_hours"), [(TUMBLING, 6), (HOP, 2), (HOPPING, 1)])
def test_windows_are_what_python_works_out(
    feature: Feature, slide_hours: int, values: list[tuple[int, int, int]]
) -> None:
    groups = defaultdict(list)
    for second, user, amount in values:
        for start in windows_of(second, 6 * 3600, slide_hours * 3600):
            groups[start, start + SIX_HOURS, user].append(amount / 100)
    expected = []
    for key, amounts in groups.items():
        total = sum(amounts)
        measure = total if feature is HOP else total / len(amounts)
        expected.append((*key, measure, len(amounts)))
    assert found(evaluate(feature, rows(values))) == approximately(expected)


@settings(max_examples=30, deadline=None)
@given(VALUES)
def test_cumulating_windows_begin_at_midnight_and_end_every_hour(
    values: list[tuple[int, int, int]],
) -> None:
    groups = defaultdict(list)
    for second, user, amount in values:
        midnight = second // 86_400 * 86_400
        for end in range(midnight + 3_600, midnight + 86_401, 3_600):
            if second < end:
                groups[midnight, end, user].append(amount / 100)
    expected = [
        (
            EPOCH + timedelta(seconds=start),
            EPOCH + timedelta(seconds=end),
            user,
            sum(amounts) / len(amounts),
            len(amounts),
        )
        for (start, end, user), amounts in groups.items()
    ]
    assert found(evaluate(CUMULATING, rows(values))) == approximately(expected)


def test_flagged_is_the_whole_transaction() -> None:
    table = rows([(0, 1, 1), (1, 1, 2), (2, 2, 3)])
    result = evaluate(FLAGGED, table).to_pylist()
    assert [row["amt"] for row in result] == [0.01, 0.03]
    assert list(result[0]) == list(FLAGGED.columns)


def test_how_far_back_a_feature_looks() -> None:
    assert [lookback(feature.table) for feature in (*features.BUILT_IN, HOP)] == [
        SIX_HOURS,
        SIX_HOURS,
        timedelta(),
        SIX_HOURS,
        timedelta(days=1),
        SIX_HOURS,
    ]


def test_a_window_of_one_moment_waits_for_the_watermark() -> None:
    def expression(transaction: ir.Table) -> ir.Table:
        moment = ibis.range_window(
            group_by=transaction.user_id,
            order_by=transaction.trans_date_trans_time,
            preceding=ibis.interval(seconds=0),
            following=0,
        )
        return transaction.select("trans_date_trans_time", n=transaction.count().over(moment))

    found = lookback(Feature("moment", "moment", expression).table)
    assert found is not None
    assert timedelta() < found < timedelta(milliseconds=1)


def test_seconds_since_the_epoch_are_whole() -> None:
    def expression(transaction: ir.Table) -> ir.Table:
        time = transaction.trans_date_trans_time
        return transaction.select("trans_date_trans_time", seconds=time.epoch_seconds())

    table = rows([(59, 1, 1)])
    later = table["trans_date_trans_time"].to_pylist()[0] + timedelta(milliseconds=999)
    table = table.set_column(0, "trans_date_trans_time", pa.array([later]))
    (row,) = evaluate(Feature("whole", "whole", expression), table).to_pylist()
    assert row["seconds"] == 59


def test_too_little_memory_is_said_in_a_sentence() -> None:
    with (
        pytest.raises(UnavailableError, match=r"not enough memory, or room in .*Set TMPDIR"),
        workspace((TRANSACTION,)) as connection,
    ):
        connection.execute("SET memory_limit = '10MB'; SET max_temp_directory_size = '1MB'")
        connection.execute(
            "CREATE TABLE large AS SELECT range AS n, hash(range) AS h FROM range(2_000_000)"
        )
        connection.execute("SELECT list(h ORDER BY h) FROM large").fetchall()
