"""Rows held against each way in which they may have come about.

A suspect is a row that is not what it would be had all transactions come in time. A way is a choice
of the transactions that it may be computed from. It is explained if the feature's own expression,
evaluated on those of one way, gives just that row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from pipeline import contract
from pipeline.features import Feature

from .batch import query
from .compare import RELATIVE_TOLERANCE, matching
from .rounding import rounding_explains
from .sql_names import listed, quoted, same
from .tables import Int64s, StoredRows

MOST_WAYS: Final = 32


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a row may have come about.

    Attributes:
        counted: The transactions that went into it, by `__row`.
        left_out: Those that did not, though they would have, had they come in time.
        known: Whether it was so if partitions were read in the order of Kafka's timestamps.
    """

    counted: Int64s
    left_out: Int64s
    known: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that is not what it would be had all transactions come in time.

    Attributes:
        number: Of the row in the table `suspects`.
        start: From where on its transactions are, in microseconds since the epoch.
        end: Up to where.
        group: Its other columns that transactions have, too.
        ways: In which it may have come about.
        complete: Whether these are all.
    """

    number: int
    start: int
    end: int
    group: tuple[Any, ...]
    ways: Sequence[Way]
    complete: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """How many rows were taken out.

    Attributes:
        known_found: Found rows that are right if partitions were read in the order of their times.
        known_absent: Rows that need not be there then.
        possible_found: Found rows that are right for some order, or of which too many are possible.
        possible_absent: Rows that need not be there for some order.
    """

    known_found: int
    known_absent: int
    possible_found: int
    possible_absent: int


def collect(feature: Feature, connection: duckdb.DuckDBPyConnection) -> None:
    """Make the table `suspects` of `wrong` and `missing`: numbered, with `__count`, `__found`."""
    columns = listed(feature.columns)
    connection.execute(
        f"""CREATE OR REPLACE TABLE suspects AS
            SELECT row_number() OVER () AS __suspect, * FROM (
                SELECT {columns}, __n AS __count, true AS __found FROM wrong
                UNION ALL SELECT {columns}, __absent, false FROM missing)"""
    )


def explain(
    feature: Feature, transactions: StoredRows, suspects: Sequence[Suspect]
) -> dict[int, Way]:
    """The way in which each suspect came about, by its number; none for those without one."""
    explained: dict[int, Way] = {}
    for lot in _apart(suspects):
        for number in range(max(len(suspect.ways) for suspect in lot)):
            tried = {
                suspect.number: suspect.ways[number]
                for suspect in lot
                if suspect.number not in explained and number < len(suspect.ways)
            }
            if tried:
                for found in _fitting(feature, transactions, tried):
                    explained[found] = tried[found]
    return explained


def take_out(
    feature: Feature, connection: duckdb.DuckDBPyConnection, verdicts: Mapping[int, bool]
) -> Taken:
    """Take suspects out of `wrong` and `missing`.

    Args:
        feature: Whose rows they are.
        connection: To the database.
        verdicts: By suspect, whether the way in which it came about is known.
    """
    table = pa.table(
        {
            "__suspect": pa.array(list(verdicts), pa.int64()),
            "known": pa.array(list(verdicts.values()), pa.bool_()),
        }
    )
    connection.register("__verdicts", table)
    row = connection.execute(
        """SELECT coalesce(sum(__count) FILTER (known AND __found), 0),
           coalesce(sum(__count) FILTER (known AND NOT __found), 0),
           coalesce(sum(__count) FILTER (NOT known AND __found), 0),
           coalesce(sum(__count) FILTER (NOT known AND NOT __found), 0)
           FROM suspects JOIN __verdicts USING (__suspect)"""
    ).fetchone()
    assert row is not None
    for name, is_found in (("wrong", "__found"), ("missing", "NOT __found")):
        connection.execute(
            f"""DELETE FROM {name} WHERE EXISTS (
                SELECT 1 FROM suspects s JOIN __verdicts USING (__suspect)
                WHERE {is_found} AND {same(feature.columns, name, "s")})"""
        )
    connection.unregister("__verdicts")
    return Taken(*map(int, row))


def _apart(suspects: Sequence[Suspect]) -> list[list[Suspect]]:
    """Sorted into lots in which no two rows share a transaction."""
    lots: list[tuple[list[Suspect], dict[tuple[Any, ...], int]]] = []
    for suspect in sorted(suspects, key=lambda suspect: suspect.start):
        if suspect.ways:
            free = (
                lot for lot in lots if lot[1].get(suspect.group, suspect.start) <= suspect.start
            )
            lot = next(free, None)
            if lot is None:
                lots.append(lot := ([], {}))
            lot[0].append(suspect)
            lot[1][suspect.group] = suspect.end
    return [lot for lot, _ in lots]


def _fitting(feature: Feature, transactions: StoredRows, tried: dict[int, Way]) -> Iterator[int]:
    """Those of the suspects that are just what these ways give."""
    connection = transactions.connection
    counted = np.concatenate([way.counted for way in tried.values()])
    connection.register("__counted", pa.table({"__row": pa.array(counted, pa.int64())}))
    connection.register("__tried", pa.table({"__suspect": pa.array(list(tried), pa.int64())}))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE __chosen AS
            SELECT {listed(contract.TRANSACTION_FIELDS)} FROM {transactions.table}
            SEMI JOIN __counted USING (__row)"""
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {contract.TRANSACTION_TOPIC} AS SELECT * FROM __chosen"
    )
    there = f"e.{quoted(feature.event_time)} IS NOT NULL"
    rows = connection.execute(
        f"""SELECT s.__suspect,
                bool_or(CASE WHEN s.__found THEN {there} AND {_matches(feature, feature.measures)}
                    ELSE NOT ({there}) END),
                bool_or(s.__found AND {there} AND {_matches(feature, _counts(feature))})
            FROM suspects s SEMI JOIN __tried USING (__suspect)
            LEFT JOIN ({query(feature.table)}) e ON {same(feature.identity, "e", "s")}
            GROUP BY s.__suspect"""
    ).fetchall()
    fitting = {int(number) for number, fits, _ in rows if fits}
    near = [int(number) for number, fits, almost in rows if almost and not fits]
    if near:
        fitting |= _rounded(feature, connection, near)
    connection.unregister("__counted")
    connection.unregister("__tried")
    return iter(fitting)


def _counts(feature: Feature) -> list[str]:
    """The measures that no rounding changes."""
    return [name for name in feature.measures if feature.columns[name] not in RELATIVE_TOLERANCE]


def _matches(feature: Feature, measures: Sequence[str]) -> str:
    return " AND ".join(matching(feature, name, "e", "s") for name in measures) or "true"


def _rounded(
    feature: Feature, connection: duckdb.DuckDBPyConnection, numbers: Sequence[int]
) -> set[int]:
    """Those of the suspects that these transactions give but for rounding."""
    listing = ", ".join(map(str, numbers))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE __near AS FROM suspects WHERE __suspect IN ({listing})"
    )
    explains = rounding_explains(feature, connection, "__near")
    rows = connection.execute(f"SELECT __suspect FROM __near WHERE {explains}").fetchall()
    return {int(number) for (number,) in rows}
