"""Rows that are not as they should be, told from those that late transactions have cost.

What Flink does with a transaction that is behind the watermark: `.over()` drops it, unless its user
has no state any more, and then computes its row without what came before; a window does without it
if it has fired, and counts it otherwise. `lateness` says how far the watermark may have come; here
is looked at what follows from each of the ways in which it may have gone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import duckdb

from pipeline import contract
from pipeline.features import Feature

from . import cleared, fired, lateness
from .batch import lookback
from .compare import Bounds, Comparison, compare
from .origins import copied, depends_on_order, in_one_window, is_windowed, keeps_one_state, keys
from .rounding import forgive
from .sql_names import quoted
from .tables import StoredRows


@dataclass(frozen=True, slots=True)
class Judgement:
    """How the rows of a feature compare, once late transactions are accounted for.

    Attributes:
        comparison: What is left in it as missing or different is wrong.
        late: Transactions that came after the watermark by all that is known of their order.
        behind_seconds: By how much the latest of them came after its time had passed.
        undecided: Rows that are as they may be if partitions were read in some order.
        ties: Of them, those that depend on the order of transactions of one time.
    """

    comparison: Comparison
    late: int = 0
    behind_seconds: float = 0.0
    undecided: int = 0
    ties: int = 0


def judge_late(
    feature: Feature,
    transactions: StoredRows,
    sink: StoredRows,
    bounds: Bounds,
    comparison: Comparison,
    *,
    dropped: int | None,
) -> Judgement:
    """Look at what a comparison has found wrong.

    Args:
        feature: Whose rows they are.
        transactions: What the job has read.
        sink: What it has written.
        bounds: Of the comparison.
        comparison: Its tables `missing` and `wrong` are of it; what is explained is taken out.
        dropped: How many records Flink has dropped as late; None when that is not known. It counts
            those of windows after it has added some up, and none that only some windows left out.
    """
    rounded = forgive(feature, transactions)
    judgement = Judgement(_forgiven(comparison, rounded))
    waits = lookback(feature.table) is None or bool(lookback(feature.table))
    if not judgement.comparison.wrong or not waits:
        return judgement
    lateness.work_out(transactions)
    if not is_windowed(feature):
        judgement = _rows(feature, transactions, sink, bounds, judgement, dropped=dropped)
    elif not (dropped == 0 and in_one_window(feature)):
        judgement = _windows(feature, transactions, judgement)
    if depends_on_order(feature) and judgement.comparison.wrong:
        judgement = _ties(feature, transactions, judgement)
    return judgement


def _forgiven(comparison: Comparison, count: int) -> Comparison:
    return replace(
        comparison, different=comparison.different - count, equal=comparison.equal + count
    )


def _windows(feature: Feature, transactions: StoredRows, judgement: Judgement) -> Judgement:
    found = fired.explain(feature, transactions)
    taken = found.taken
    absent = taken.known_absent + taken.possible_absent
    comparison = judgement.comparison
    return replace(
        judgement,
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
    judgement: Judgement,
    *,
    dropped: int | None,
) -> Judgement:
    """Rows of which each stands for a transaction: as many were dropped as are missing."""
    connection = transactions.connection
    gone = _drop(feature, transactions, bounds)
    late, undecided = gone.known, gone.possible
    if dropped is not None and late + undecided > dropped:
        # Flink has dropped fewer; the rest may be in the job until its watermark moves on again.
        late, undecided = 0, late + undecided
        if undecided - gone.held > dropped:
            undecided = 0
            connection.execute("DELETE FROM dropped")
    if late or undecided:
        comparison = compare(feature, transactions, sink, bounds, without="dropped")
        comparison = _forgiven(comparison, forgive(feature, transactions, without="dropped"))
        behind = _behind(transactions, "dropped WHERE known") if late else 0.0
        judgement = replace(judgement, comparison=comparison, late=late, behind_seconds=behind)
    # One that was late and has a row all the same met a state that had been cleared, or came in
    # another order than that of Kafka's timestamps.
    if keeps_one_state(feature):
        different = cleared.explain(feature, transactions)
    else:
        accused = _time_is_possible(feature, transactions, "wrong")
        different = _taken(connection, "wrong", accused, "__n")
    return replace(
        judgement,
        comparison=replace(
            judgement.comparison, different=judgement.comparison.different - different
        ),
        undecided=undecided + different,
    )


@dataclass(frozen=True, slots=True)
class _Gone:
    """Transactions whose rows are missing, and that may have been late.

    Attributes:
        known: Those that were by the order of Kafka's timestamps.
        possible: The others.
        held: Of both, those that Flink may have taken although they were late, and whose rows it
            writes when the watermark moves on the next time: it has not since, as far as is known.
    """

    known: int
    possible: int
    held: int


def _drop(feature: Feature, transactions: StoredRows, bounds: Bounds) -> _Gone:
    """Fill a table `dropped` with as many as are missing, those that arrived last first."""
    connection = transactions.connection
    columns = copied(feature)
    joined = _joined({name: columns[name] for name in feature.identity if name in columns}, "m")
    time = quoted(contract.TIME_COLUMN)
    held = "false" if bounds.final_before is None else f"a.possible >= {bounds.final_before}"
    connection.execute("ALTER TABLE missing ADD COLUMN IF NOT EXISTS __missing BIGINT")
    connection.execute("UPDATE missing SET __missing = rowid")
    late = f"epoch_us(t.{time}) <= a."
    in_order = _overtaken(feature, transactions, "known", "u.__arrived <= t.__arrived")
    in_any_order = _overtaken(feature, transactions, "possible", "true")
    known = f"{late}known AND {in_order}"
    possible = f"{late}possible AND ({held} OR {in_any_order})"
    connection.execute(
        f"""CREATE OR REPLACE TABLE dropped AS SELECT __row, known, held FROM (
            SELECT *, row_number() OVER (PARTITION BY __missing
                ORDER BY known DESC, __arrived DESC, __row DESC) AS number FROM (
                SELECT t.__row, t.__arrived, m.__missing, m.__absent,
                    {known} AS known, {held} AS held
                FROM missing m JOIN {transactions.table} t ON {joined}
                JOIN ahead a ON a.__row = t.__row
                WHERE {possible} OR epoch_us(t.{time}) <= 0
            )
        ) WHERE number <= __absent"""
    )
    row = connection.execute(
        """SELECT count(*) FILTER (known), count(*) FILTER (NOT known), count(*) FILTER (held)
           FROM dropped"""
    ).fetchone()
    assert row is not None
    return _Gone(*map(int, row))


def _overtaken(feature: Feature, transactions: StoredRows, bound: str, elsewhere: str) -> str:
    """The condition that Flink does not take a transaction `t` that is late; always, for some.

    With one state it drops what is not newer than the last timer of its group: that of a row, or
    one set to clear the state, which moves on when rows come and leaves the earlier one behind.

    Args:
        feature: What is computed of it.
        transactions: What the job has read.
        bound: Of the watermark: the column `known` or `possible` of the table `ahead`.
        elsewhere: When a record of another partition came before it.
    """
    if not keeps_one_state(feature):
        return "true"
    group = " AND ".join(
        f"u.{quoted(column)} IS NOT DISTINCT FROM t.{quoted(column)}"
        for column in keys(feature).values()
    )
    own, other = (f"epoch_us({table}.{quoted(contract.TIME_COLUMN)})" for table in "tu")
    return f"""EXISTS (SELECT 1 FROM {transactions.table} u WHERE {group}
        AND ({other} BETWEEN {own} AND a.{bound}
            OR {other} + {cleared.after(feature)} BETWEEN {own} AND a.{bound})
        AND CASE WHEN u.__partition = t.__partition THEN u.__row < t.__row ELSE {elsewhere} END)"""


def _time_is_possible(feature: Feature, transactions: StoredRows, table: str) -> str:
    """The condition that a transaction of a row may have come late."""
    joined = _joined(copied(feature), table)
    time = quoted(contract.TIME_COLUMN)
    return f"""EXISTS (SELECT 1 FROM {transactions.table} t JOIN ahead a ON a.__row = t.__row
        WHERE {joined} AND epoch_us(t.{time}) <= a.possible)"""


def _ties(feature: Feature, transactions: StoredRows, judgement: Judgement) -> Judgement:
    """Two transactions of a user at one time have no order, and so no `lag()` and no `last()`."""
    connection = transactions.connection
    tied = _taken(connection, "wrong", _after_a_tie(feature, transactions, "wrong"), "__n")
    absent = _taken(
        connection, "missing", _after_a_tie(feature, transactions, "missing"), "__absent"
    )
    comparison = judgement.comparison
    return replace(
        judgement,
        comparison=replace(
            comparison,
            different=comparison.different - tied,
            missing=comparison.missing - absent,
        ),
        undecided=judgement.undecided + tied + absent,
        ties=tied + absent,
    )


def _after_a_tie(feature: Feature, transactions: StoredRows, table: str) -> str:
    """The condition that a row may see two transactions of one time."""
    back = lookback(feature.table)
    time = quoted(contract.TIME_COLUMN)
    grouped = keys(feature)
    by = ", ".join([f"t.{time}", *(f"t.{quoted(column)}" for column in grouped.values())])
    at = f"{table}.{quoted(feature.event_time)}"
    since = "true" if back is None else f"t.{time} >= {at} - {_interval(back.total_seconds())}"
    return f"""EXISTS (SELECT 1 FROM {transactions.table} t
        WHERE {_joined(grouped, table)} AND t.{time} <= {at} AND {since}
        GROUP BY {by} HAVING count(*) > 1)"""


def _joined(columns: dict[str, str], table: str) -> str:
    conditions = (
        f"t.{quoted(column)} IS NOT DISTINCT FROM {table}.{quoted(name)}"
        for name, column in columns.items()
    )
    return " AND ".join(conditions) or "true"


def _taken(connection: duckdb.DuckDBPyConnection, table: str, condition: str, count: str) -> int:
    """Take rows out of a table; how many they stand for."""
    row = connection.execute(
        f"SELECT coalesce(sum({count}), 0) FROM {table} WHERE {condition}"
    ).fetchone()
    assert row is not None
    connection.execute(f"DELETE FROM {table} WHERE {condition}")
    return int(row[0])


def _behind(transactions: StoredRows, which: str) -> float:
    """By how much the latest of some transactions came after its time had passed."""
    newest = max(transactions.newest.values(), default=0)
    row = transactions.connection.execute(
        f"""SELECT min(epoch_us({quoted(contract.TIME_COLUMN)})) FROM {transactions.table}
            WHERE __row IN (SELECT __row FROM {which})"""
    ).fetchone()
    return (newest - row[0]) / 1_000_000 if row and row[0] is not None else 0.0


def _interval(seconds: float) -> str:
    return f"to_microseconds({int(seconds * 1_000_000)})"
