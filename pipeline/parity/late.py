"""Separates mismatches that late transactions explain from real ones.

What Flink does with a transaction behind the watermark: `.over()` drops it, unless its user has no
state any more; then it computes the row without the earlier transactions. A window that has fired
ignores it, any other counts it. A join has given up what it would be joined with. `lateness` bounds
the watermark that each transaction met; this module follows what each possible watermark implies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import duckdb

from pipeline.features import Feature
from pipeline.findings import Kind
from pipeline.text.sql import identifier

from . import cleared, fired, lateness, listing, overtaken, paired, restarts, ways
from .batch import lookback
from .compare import Bounds, Comparison, compare
from .origins import copied, depends_on_order, in_one_window, is_windowed, keeps_one_state, keys
from .rounding import remove_rounded
from .sql_names import joined
from .tables import StoredRows

_AGAIN: Final = (
    "it was computed again, as after a restart, when transactions of it may have been late; the "
    "right row is there, too"
)
_TIE: Final = "it depends on the order of transactions with equal times, which is undefined"


@dataclass(frozen=True, slots=True)
class LateComparison:
    """The comparison of a feature's rows, adjusted for late transactions.

    Attributes:
        comparison: Its missing and different rows are real mismatches.
        late: Transactions that arrived after the watermark, as far as their order is known.
        behind_seconds: How long after its time had passed the latest of them arrived.
        undecided: Rows that are right for some order in which partitions may have been read.
        ties: Undecided rows that depend on the order of transactions with equal times.
    """

    comparison: Comparison
    late: int = 0
    behind_seconds: float = 0.0
    undecided: int = 0
    ties: int = 0


def explain_late(
    feature: Feature,
    streams: Sequence[StoredRows],
    sink: StoredRows,
    bounds: Bounds,
    comparison: Comparison,
    *,
    dropped: int | None,
    since: int = 0,
    resumed: Sequence[int] = (),
) -> LateComparison:
    """Explain the mismatches of a comparison by late transactions.

    Args:
        feature: The feature.
        streams: The records of each source that the job has read.
        sink: The rows that it has written.
        bounds: The bounds of the comparison.
        comparison: Its tables `missing` and `wrong` are read, and explained rows are removed.
        dropped: Late records that Flink has dropped in the whole life of the job; None if unknown.
            For windows, Flink counts after pre-aggregation, and only records that no window took.
        since: When the job began to count them, in milliseconds since the epoch. It says nothing of
            rows that were written before by the job that it replaces.
        resumed: When the job resumed from state or was restarted, likewise, as far as is known.
    """
    rounded = remove_rounded(feature, streams)
    result = LateComparison(_counted_as_equal(comparison, rounded))
    if feature.join is not None:
        found = restarts.find(feature, streams, sink, resumed)
        return _pairs(feature, streams, result, found)
    (transactions,) = streams
    waits = lookback(feature.table) is None or bool(lookback(feature.table))
    if not result.comparison.wrong or not waits:
        return result
    found = restarts.find(feature, streams, sink, resumed)
    lateness.bound_watermarks(streams, feature.sources, found)
    if not is_windowed(feature):
        dropped_again = overtaken.possible(feature, transactions)
        restarts.collect_dropped_again(feature, transactions, sink, found, dropped_again)
        result = _rows(
            feature, transactions, sink, bounds, result, dropped=dropped, restarted=bool(found)
        )
    elif not (dropped == 0 and in_one_window(feature)):
        result = _windows(feature, transactions, result)
    if depends_on_order(feature) and result.comparison.wrong:
        result = _ties(feature, transactions, result)
    if found and result.comparison.different:
        uncounted = "true" if dropped is None else f"__arrived < {since}"
        result = _again(feature, transactions, result, uncounted)
    return result


def _counted_as_equal(comparison: Comparison, count: int) -> Comparison:
    return replace(
        comparison, different=comparison.different - count, equal=comparison.equal + count
    )


def _pairs(
    feature: Feature,
    streams: Sequence[StoredRows],
    result: LateComparison,
    found: Sequence[restarts.Restart],
) -> LateComparison:
    comparison = result.comparison
    if not comparison.missing:
        return result
    lateness.bound_watermarks(streams, feature.sources, found)
    absent = paired.explain(feature, streams)
    return replace(
        result,
        comparison=replace(
            comparison,
            expected=comparison.expected - absent,
            missing=comparison.missing - absent,
        ),
        undecided=absent,
    )


def _windows(feature: Feature, transactions: StoredRows, result: LateComparison) -> LateComparison:
    found = fired.explain(feature, transactions)
    taken = found.taken
    absent = taken.known_absent + taken.possible_absent
    comparison = result.comparison
    return replace(
        result,
        comparison=replace(
            comparison,
            expected=comparison.expected - absent,
            equal=comparison.equal + taken.known_found,
            missing=comparison.missing - absent,
            different=comparison.different - taken.known_found - taken.possible_found,
        ),
        late=found.late,
        behind_seconds=found.behind_seconds,
        undecided=taken.possible_absent + taken.possible_found,
    )


def _rows(
    feature: Feature,
    transactions: StoredRows,
    sink: StoredRows,
    bounds: Bounds,
    result: LateComparison,
    *,
    dropped: int | None,
    restarted: bool,
) -> LateComparison:
    """Adjust features with one row per transaction: as many were dropped as rows are missing."""
    connection = transactions.connection
    gone = overtaken.drop(feature, transactions, bounds)
    late, undecided = gone.known, gone.possible
    if dropped is not None and late + undecided > dropped:
        # Flink has dropped fewer; the rest may be in the job until its watermark advances.
        late, undecided = 0, late + undecided
        if undecided - gone.held > dropped:
            undecided = 0
            connection.execute("DELETE FROM dropped")
    # More than there are missing rows: those of others, which a filter leaves out, are not missed.
    surplus = dropped is None or dropped > late + undecided
    unseen = overtaken.drop_without_row(feature, transactions, sink) if surplus else 0
    if late or undecided or unseen:
        connection.execute(
            """CREATE OR REPLACE TABLE dropped_rows AS
               SELECT m.*, d.known FROM missing m JOIN dropped d USING (__missing)"""
        )
        without = {transactions.table: "dropped"}
        comparison = compare(feature, [transactions], sink, bounds, without=without)
        comparison = _counted_as_equal(
            comparison, remove_rounded(feature, [transactions], without=without)
        )
        behind = _behind(transactions, "dropped WHERE known") if late else 0.0
        result = replace(result, comparison=comparison, late=late, behind_seconds=behind)
        for these, was, kind in (
            ("known", "was", Kind.LATE),
            ("NOT known", "may have been", Kind.UNDECIDED),
        ):
            why = f"its transaction {was} dropped as late"
            connection.execute(listing.of_expected(feature, "dropped_rows", these, kind, why))
    # A late transaction that has a row met cleared state, or was read in another order than
    # that of Kafka's timestamps.
    if keeps_one_state(feature):
        different = cleared.explain(feature, transactions, restarted=restarted)
    else:
        possible = _time_is_possible(feature, transactions, "wrong")
        accused = f"({possible} OR {_dropped_again(feature, transactions, 'wrong')})"
        if depends_on_order(feature):
            # What a tie explains was not late: `_ties` says so.
            accused += f" AND NOT {_after_a_tie(feature, transactions, 'wrong')}"
        different = _undecided(feature, connection, accused, ways.OTHER_ORDER)
    return replace(
        result,
        comparison=replace(result.comparison, different=result.comparison.different - different),
        undecided=undecided + different,
    )


def _time_is_possible(feature: Feature, transactions: StoredRows, table: str) -> str:
    """Return the SQL condition that a transaction of a row may have been late."""
    same_row = joined(copied(feature), table)
    time = identifier(transactions.time)
    return f"""EXISTS (SELECT 1 FROM {transactions.table} t
        JOIN {transactions.ahead} a ON a.__row = t.__row
        WHERE {same_row} AND epoch_us(t.{time}) <= a.possible)"""


def _dropped_again(feature: Feature, transactions: StoredRows, table: str) -> str:
    """Return the SQL condition that a restarted job may have left out transactions of a row."""
    return f"""EXISTS (SELECT 1 FROM {transactions.table} t
        JOIN dropped_again d ON d.__row = t.__row
        WHERE {_goes_into(feature, transactions, table)}
        AND {table}.__arrived >= d.__from AND {table}.__arrived < d.__until)"""


def _again(
    feature: Feature, transactions: StoredRows, result: LateComparison, uncounted: str
) -> LateComparison:
    """Explain other results of rows that are right as well, where rows were written again.

    After a restart, a job reads the partitions from its last checkpoint on in any order, and may
    drop what it took before: then it writes some rows again, with another result. Where
    `uncounted`, it is not known that nothing was dropped.
    """
    condition = f"__again AND {uncounted}"
    again = _undecided(feature, transactions.connection, condition, _AGAIN)
    comparison = result.comparison
    return replace(
        result,
        comparison=replace(comparison, different=comparison.different - again),
        undecided=result.undecided + again,
    )


def _ties(feature: Feature, transactions: StoredRows, result: LateComparison) -> LateComparison:
    """Explain rows by ties: transactions with equal times have no order for `lag()`, `last()`."""
    connection = transactions.connection
    wrong = _after_a_tie(feature, transactions, "wrong")
    missing = _after_a_tie(feature, transactions, "missing")
    tied = _undecided(feature, connection, wrong, _TIE)
    connection.execute(listing.of_expected(feature, "missing", missing, Kind.UNDECIDED, _TIE))
    absent = _taken(connection, "missing", missing, "__absent")
    comparison = result.comparison
    return replace(
        result,
        comparison=replace(
            comparison,
            different=comparison.different - tied,
            missing=comparison.missing - absent,
        ),
        undecided=result.undecided + tied + absent,
        ties=tied + absent,
    )


def _after_a_tie(feature: Feature, transactions: StoredRows, table: str) -> str:
    """Return the SQL condition that a row may depend on two transactions with equal times."""
    by = ", ".join(f"t.{identifier(name)}" for name in (transactions.time, *keys(feature).values()))
    return f"""EXISTS (SELECT 1 FROM {transactions.table} t
        WHERE {_goes_into(feature, transactions, table)} GROUP BY {by} HAVING count(*) > 1)"""


def _goes_into(feature: Feature, transactions: StoredRows, table: str) -> str:
    """Return the SQL condition that a row of `.over()` is computed from a transaction `t`."""
    back = lookback(feature.table)
    time = f"t.{identifier(transactions.time)}"
    at = f"{table}.{identifier(feature.event_time)}"
    since = "true" if back is None else f"{time} >= {at} - {_interval(back.total_seconds())}"
    return f"{joined(keys(feature), table)} AND {time} <= {at} AND {since}"


def _undecided(
    feature: Feature, connection: duckdb.DuckDBPyConnection, condition: str, why: str
) -> int:
    """List wrong rows as undecided, remove them, and return the number that they stand for."""
    connection.execute(listing.of_wrong(feature, condition, Kind.UNDECIDED, why))
    return _taken(connection, "wrong", condition, "__n")


def _taken(connection: duckdb.DuckDBPyConnection, table: str, condition: str, count: str) -> int:
    """Remove rows from a table and return the number of rows that they stand for."""
    row = connection.execute(
        f"SELECT coalesce(sum({count}), 0) FROM {table} WHERE {condition}"
    ).fetchone()
    assert row is not None
    connection.execute(f"DELETE FROM {table} WHERE {condition}")
    return int(row[0])


def _behind(transactions: StoredRows, which: str) -> float:
    """How long after its time had passed the latest of these transactions arrived, in seconds."""
    newest = max(transactions.newest.values(), default=0)
    row = transactions.connection.execute(
        f"""SELECT min(epoch_us({identifier(transactions.time)})) FROM {transactions.table}
            WHERE __row IN (SELECT __row FROM {which})"""
    ).fetchone()
    return (newest - row[0]) / 1_000_000 if row and row[0] is not None else 0.0


def _interval(seconds: float) -> str:
    return f"to_microseconds({int(seconds * 1_000_000)})"
