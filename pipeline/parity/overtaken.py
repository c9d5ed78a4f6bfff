"""Finds the transactions that Flink dropped as late from `.over()`, or may have dropped.

It drops a transaction that is not newer than the last timer of its group. `lateness` bounds the
watermark that each met; which of them have no row tells the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.features import Feature
from pipeline.text.sql import identifier

from . import cleared
from .compare import Bounds
from .origins import copied, keeps_one_state, keys
from .sql_names import joined, listed, same
from .tables import StoredRows

_MOST_WITHOUT_ROW: Final = 10_000


@dataclass(frozen=True, slots=True)
class Gone:
    """Transactions whose rows are missing and that may have been late.

    Attributes:
        known: Those that were late in the order of Kafka's timestamps.
        possible: The others.
        held: Those of both that Flink may have accepted although they were late, with rows that it
            writes when the watermark next advances, which has not happened as far as is known.
    """

    known: int
    possible: int
    held: int


def drop(feature: Feature, transactions: StoredRows, bounds: Bounds) -> Gone:
    """Fill the table `dropped`: a transaction for each missing row, latest arrivals first."""
    connection = transactions.connection
    columns = copied(feature)
    identity = listed(columns) or "1"
    time = identifier(transactions.time)
    held = "false" if bounds.final_before is None else f"a.possible >= {bounds.final_before}"
    connection.execute("ALTER TABLE missing ADD COLUMN IF NOT EXISTS __missing BIGINT")
    connection.execute("UPDATE missing SET __missing = rowid")
    late = f"epoch_us(t.{time}) <= a."
    in_order = _overtaken(feature, transactions, "known", "u.__arrived <= t.__arrived")
    in_any_order = _overtaken(feature, transactions, "possible", "true")
    known = f"{late}known AND {in_order}"
    possible = f"{late}possible AND ({held} OR {in_any_order})"
    # Rows of one identity may have other measures each, and share their candidates.
    connection.execute(
        f"""CREATE OR REPLACE TABLE dropped AS
            WITH lost AS (
                SELECT *, dense_rank() OVER (ORDER BY {identity}) AS shared,
                    sum(__absent) OVER (PARTITION BY {identity} ORDER BY __missing) AS last
                FROM missing
            ), candidates AS (
                SELECT t.__row, m.shared, {known} AS known, {held} AS held, t.__arrived
                FROM (SELECT DISTINCT ON (shared) * FROM lost) m
                JOIN {transactions.table} t ON {joined(columns, "m")}
                JOIN {transactions.ahead} a ON a.__row = t.__row
                WHERE {possible} OR epoch_us(t.{time}) <= 0
            ), numbered AS (
                SELECT *, row_number() OVER (PARTITION BY shared
                    ORDER BY known DESC, __arrived DESC, __row DESC) AS number FROM candidates
            )
            SELECT n.__row, m.__missing, n.known, n.held FROM numbered n JOIN lost m
            ON n.shared = m.shared AND n.number BETWEEN m.last - m.__absent + 1 AND m.last"""
    )
    row = connection.execute(
        """SELECT count(*) FILTER (known), count(*) FILTER (NOT known), count(*) FILTER (held)
           FROM dropped"""
    ).fetchone()
    assert row is not None
    return Gone(*map(int, row))


def drop_without_row(feature: Feature, transactions: StoredRows, sink: StoredRows) -> int:
    """Add to `dropped` the other late transactions without a row, and return their number.

    Flink does not count them in the rows after them either. Their own rows are not missing, since a
    filter leaves them out; if that is before the windows, they count nowhere.
    """
    late = f"epoch_us(t.{identifier(transactions.time)}) <= a.known"
    in_order = _overtaken(feature, transactions, "known", "u.__arrived <= t.__arrived")
    row = transactions.connection.execute(
        f"""INSERT INTO dropped SELECT t.__row, NULL, true, false FROM (
                SELECT t.* FROM {transactions.table} t
                JOIN {transactions.ahead} a ON a.__row = t.__row
                ANTI JOIN dropped d ON d.__row = t.__row
                ANTI JOIN {sink.table} s ON {joined(copied(feature), "s")}
                WHERE {late} ORDER BY t.__row DESC LIMIT {_MOST_WITHOUT_ROW}
            ) t JOIN {transactions.ahead} a ON a.__row = t.__row WHERE {in_order}"""
    ).fetchone()
    assert row is not None
    return int(row[0])


def possible(feature: Feature, transactions: StoredRows) -> str:
    """Return the SQL condition that Flink drops `t` in some order of reading."""
    late = f"epoch_us(t.{identifier(transactions.time)}) <= a.possible"
    return f"{late} AND {_overtaken(feature, transactions, 'possible', 'true')}"


def _overtaken(feature: Feature, transactions: StoredRows, bound: str, elsewhere: str) -> str:
    """Return the SQL condition that Flink drops a late transaction `t`; for some features, `true`.

    With one state, Flink drops a transaction that is not newer than the last timer of its group:
    that of a row, or one set to clear the state, which moves on with new rows and leaves the
    earlier one.

    Args:
        feature: The feature.
        transactions: The transactions that the job has read.
        bound: Column of the table `ahead` with the watermark's bound: `known` or `possible`.
        elsewhere: SQL condition that a record of another partition was read before.
    """
    if not keeps_one_state(feature):
        return "true"
    group = same(keys(feature).values(), "u", "t")
    own, other = (f"epoch_us({table}.{identifier(transactions.time)})" for table in "tu")
    return f"""EXISTS (SELECT 1 FROM {transactions.table} u WHERE {group}
        AND ({other} BETWEEN {own} AND a.{bound}
            OR {other} + {cleared.after(feature)} BETWEEN {own} AND a.{bound})
        AND CASE WHEN u.__partition = t.__partition THEN u.__row < t.__row ELSE {elsewhere} END)"""
