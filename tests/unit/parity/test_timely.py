"""How long after a transaction its value was there, and what was known before: worked examples."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import pyarrow as pa

from pipeline import contract, features
from pipeline.features import Feature
from pipeline.findings import MOMENTS, Timeliness
from pipeline.parity.timely import timeliness

from .stored import Topic, topic
from .test_parity import ROLLING, TUMBLING, result, transaction

FLAGGED = features.BUILT_IN[2]


def measured(feature: Feature, transactions: Topic, sink: Topic) -> Timeliness | None:
    with duckdb.connect() as connection:
        return timeliness(
            feature,
            [transactions.stored(connection, "transactions", dict(contract.TRANSACTION_FIELDS))],
            sink.stored(connection, "sink", feature.columns),
        )


def in_time(feature: Feature, rows: list[dict[str, Any]], came: list[int], wrote: list[int]) -> Any:
    """How timely the right rows of these transactions were; milliseconds, in order of time."""
    found = result(feature, rows).sort_by(feature.event_time)
    return measured(
        feature, topic(rows, arrived=came), topic(found, feature.event_time, arrived=wrote)
    )


def test_a_row_for_each_transaction() -> None:
    rows = [transaction(0, amount=10.0), transaction(1, amount=30.0), transaction(2, amount=20.0)]
    found = in_time(ROLLING, rows, [10_000, 20_000, 30_000], [10_050, 20_500, 50_000])
    # Delays of 0.05, 0.5 and 20 seconds.
    assert found.rows == 3
    assert (found.median, found.longest) == (0.5, 20.0)
    assert found.delays == (1, 0, 1, 0, 0, 1, 0)
    known = dict(zip(MOMENTS, found.known, strict=True))
    # After 0.1 s: the first one's own row; then that of the first; then that of the second. The
    # counts 1 of 2 and 2 of 3 are further off than the means, 10 of 20 and 20 of 20.
    assert (known[0.1].none, known[0.1].within) == (0, (1, 0, 0, 0, 2))
    assert (known[1.0].none, known[1.0].within) == (0, (2, 0, 0, 0, 1))
    assert (known[15.0].none, known[15.0].within) == (0, (2, 0, 0, 0, 1))


def test_what_was_no_number_was_as_far_off_as_can_be() -> None:
    rows = [transaction(0, amount=10.0), transaction(1, amount=30.0)]
    found = result(ROLLING, rows).sort_by("trans_date_trans_time").to_pylist()
    found[0]["user_mean_trans_amt_last_360min"] = math.nan
    sink = topic(found, "trans_date_trans_time", arrived=[10_050, 40_000])
    timely = measured(ROLLING, topic(rows, arrived=[10_000, 20_000]), sink)
    assert timely is not None
    known = dict(zip(MOMENTS, timely.known, strict=True))
    assert known[1.0].within == (1, 0, 0, 0, 1)


def test_nothing_is_known_before_the_first_row_of_a_user() -> None:
    rows = [transaction(0, user=1), transaction(1, user=2)]
    found = in_time(ROLLING, rows, [10_000, 20_000], [10_200, 21_500])
    known = dict(zip(MOMENTS, found.known, strict=True))
    # The rows of user 1 are nothing to know about user 2.
    assert (known[0.1].none, known[1.0].none, known[15.0].none) == (2, 1, 0)
    assert known[15.0].within == (2, 0, 0, 0, 0)


def test_a_small_error_is_told_from_a_large_one() -> None:
    # The count stays what it was, as the transaction of six hours before has left the window.
    rows = [transaction(0, amount=100.0), transaction(361, amount=100.5)]
    found = in_time(ROLLING, rows, [10_000, 20_000], [10_010, 90_000])
    assert found.known[0].within == (1, 0, 1, 0, 0)


def test_a_window_is_there_when_it_has_closed() -> None:
    rows = [transaction(0), transaction(100), transaction(361)]
    found = in_time(TUMBLING, rows, [10_000, 12_000, 20_000], [21_000, 80_000])
    assert found.rows == 3
    assert found.longest == 60.0
    assert found.delays == (0, 0, 0, 0, 1, 1, 1)
    # 15 s after the transaction at 100 minutes its window has closed; after the last one, only the
    # window before is known, with two transactions instead of one.
    assert [(each.none, each.within) for each in found.known] == [
        (3, (0, 0, 0, 0, 0)),
        (2, (0, 0, 0, 0, 1)),
        (0, (2, 0, 0, 0, 1)),
    ]


def test_without_measures_the_row_itself_is_what_is_known() -> None:
    rows = [transaction(0, fraud=1), transaction(1, fraud=1)]
    found = in_time(FLAGGED, rows, [10_000, 20_000], [10_050, 22_000])
    assert [(each.none, each.within[0]) for each in found.known] == [(1, 1), (1, 1), (0, 2)]


def test_what_came_twice_counts_once_and_what_is_missing_not_at_all() -> None:
    rows = [transaction(0), transaction(1), transaction(2)]
    right = result(ROLLING, rows).sort_by(ROLLING.event_time).slice(0, 2)
    twice = pa.concat_tables([right, right.slice(0, 1)])
    found = measured(
        ROLLING,
        topic(rows, arrived=[10_000, 20_000, 30_000]),
        topic(twice, ROLLING.event_time, arrived=[10_200, 20_200, 60_000]),
    )
    assert found is not None
    assert (found.rows, found.longest) == (2, 0.2)


def test_without_rows_or_timestamps_nothing_is_known() -> None:
    rows = [transaction(0)]
    right = result(ROLLING, rows)
    none = topic(right.slice(0, 0), ROLLING.event_time)
    assert measured(ROLLING, topic(rows), none) is None
    unknown = topic(right, ROLLING.event_time, arrived=[-1])
    assert measured(ROLLING, topic(rows, arrived=[-1]), unknown) is None


def test_every_built_in_feature_can_be_measured() -> None:
    rows = [
        transaction(minute, user, fraud=int(user == 2))
        for minute in range(0, 1_500, 30)
        for user in (1, 2)
    ]
    for feature in features.BUILT_IN:
        found = measured(feature, topic(rows), topic(result(feature, rows), feature.event_time))
        assert found is not None and found.rows > 10, feature.name
        assert sum(found.delays) == found.rows
        assert all(each.none + sum(each.within) == found.rows for each in found.known)
