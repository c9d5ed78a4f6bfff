"""Tries the ways in which a mismatch may have come about.

A suspect is a row that differs from what it would be had all transactions been on time. A way is a
choice of the transactions that it may have been computed from. The suspect is explained if the
feature's expression over the transactions of one way yields exactly that row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from pipeline.features import Feature
from pipeline.findings import Kind
from pipeline.text.sql import identifier

from . import listing
from .batch import INPUT, query
from .compare import RELATIVE_TOLERANCE, matching
from .rounding import rounding_explains, rounding_of_more_explains
from .sql_names import listed, same
from .tables import Int64s, StoredRows

MOST_WAYS: Final = 32
_MOST_TRIES: Final = 256
"""Queries in which ways are tried: where nearly every row differs, the first of them tell."""
OTHER_ORDER: Final = (
    "it is right if transactions of it were late, which depends on the order in which Flink read "
    "the partitions"
)
"""Why a row is undecided."""
_COMPUTED: Final = "__computed"
"""The table of what the feature yields over the transactions of the ways that are tried."""
_LATE: Final = "its window fired before late transactions of it arrived"


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a row may have come about.

    Attributes:
        counted: `__row` of the transactions that were used.
        left_out: `__row` of those that would have been used had they been on time.
        known: Whether this is what happens if partitions are read in the order of Kafka's
            timestamps.
    """

    counted: Int64s
    left_out: Int64s
    known: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """A row that differs from what it would be had all transactions been on time.

    Attributes:
        number: `__suspect` in the table `suspects`.
        start: Start of its transactions' event time, in microseconds since the epoch.
        end: End of its transactions' event time.
        group: Its other columns that transactions have, too.
        ways: The ways in which it may have come about.
        complete: Whether `ways` lists all of them.
    """

    number: int
    start: int
    end: int
    group: tuple[Any, ...]
    ways: Sequence[Way]
    complete: bool


@dataclass(frozen=True, slots=True)
class Taken:
    """Number of rows that were explained and removed.

    Attributes:
        known_found: Found rows that are right if partitions were read in the order of Kafka's
            timestamps.
        known_absent: Rows that are rightly absent in that order.
        possible_found: Found rows that are right in some order, or have too many ways to try.
        possible_absent: Rows that are rightly absent in some order.
    """

    known_found: int
    known_absent: int
    possible_found: int
    possible_absent: int


def collect(feature: Feature, connection: duckdb.DuckDBPyConnection) -> None:
    """Create the table `suspects` of all mismatches.

    Besides their columns, it has `__suspect`, `__count`, `__found` and, of found rows, `__written`.
    """
    columns = listed(feature.columns)
    connection.execute(
        f"""CREATE OR REPLACE TABLE suspects AS
            SELECT row_number() OVER (ORDER BY __found DESC) AS __suspect, * FROM (
                SELECT {columns}, __n AS __count, true AS __found, __arrived AS __written FROM wrong
                UNION ALL SELECT {columns}, __absent, false, NULL FROM missing)"""
    )


@dataclass(frozen=True, slots=True)
class Explained:
    """How suspects came about.

    Attributes:
        ways: The way of each that is explained, by its number.
        undecided: The others of which not all ways are known or were tried.
    """

    ways: Mapping[int, Way]
    undecided: Set[int]


def explain(feature: Feature, transactions: StoredRows, suspects: Sequence[Suspect]) -> Explained:
    """Find the way in which each suspect came about."""
    explained: dict[int, Way] = {}
    undecided = {suspect.number for suspect in suspects if not suspect.complete}
    tries = 0
    for lot in _disjoint_groups(suspects):
        for number in range(max(len(suspect.ways) for suspect in lot)):
            tried = {
                suspect.number: suspect.ways[number]
                for suspect in lot
                if suspect.number not in explained and number < len(suspect.ways)
            }
            if tries == _MOST_TRIES:
                undecided.update(tried)
            elif tried:
                tries += 1
                for found in _fitting(feature, transactions, tried):
                    explained[found] = tried[found]
    return Explained(explained, undecided - explained.keys())


def remove_suspects(
    feature: Feature, connection: duckdb.DuckDBPyConnection, verdicts: Mapping[int, bool]
) -> Taken:
    """Remove suspects from `wrong` and `missing`.

    Args:
        feature: The feature.
        connection: Connection to the database.
        verdicts: By suspect, whether its way is the known order.
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
        judged = f"""EXISTS (SELECT 1 FROM suspects s JOIN __verdicts USING (__suspect)
            WHERE {is_found} AND {same(feature.columns, name, "s")}"""
        for known, kind, why in (
            ("known", Kind.LATE, _LATE),
            ("NOT known", Kind.UNDECIDED, OTHER_ORDER),
        ):
            these = f"{judged} AND {known})"
            connection.execute(
                listing.of_wrong(feature, these, kind, why)
                if name == "wrong"
                else listing.of_expected(feature, name, these, kind, why)
            )
        connection.execute(f"DELETE FROM {name} WHERE {judged})")
    connection.unregister("__verdicts")
    return Taken(*map(int, row))


def _disjoint_groups(suspects: Sequence[Suspect]) -> list[list[Suspect]]:
    """Partition the suspects into groups in which no two rows share a transaction."""
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
    """Yield the suspects that equal the result of their way."""
    connection = transactions.connection
    counted = np.concatenate([way.counted for way in tried.values()])
    connection.register("__counted", pa.table({"__row": pa.array(counted, pa.int64())}))
    connection.register("__tried", pa.table({"__suspect": pa.array(list(tried), pa.int64())}))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE __chosen AS
            SELECT {listed(feature.source.columns)} FROM {transactions.table}
            SEMI JOIN __counted USING (__row)"""
    )
    connection.execute(f"CREATE OR REPLACE TEMP VIEW {INPUT} AS SELECT * FROM __chosen")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {_COMPUTED} AS FROM ({query(feature.table)})")
    there = f"e.{identifier(feature.event_time)} IS NOT NULL"
    rows = connection.execute(
        f"""SELECT s.__suspect,
                bool_or(CASE WHEN s.__found THEN {there} AND {_matches(feature, feature.measures)}
                    ELSE NOT ({there}) END),
                bool_or(s.__found AND {there} AND {_matches(feature, _counts(feature))})
            FROM suspects s SEMI JOIN __tried USING (__suspect)
            LEFT JOIN {_COMPUTED} e ON {same(feature.identity, "e", "s")}
            GROUP BY s.__suspect"""
    ).fetchall()
    fitting = {int(number) for number, fits, _ in rows if fits}
    near = {int(number) for number, fits, almost in rows if almost and not fits}
    if near:
        fitting |= _rounded(feature, transactions, {each: tried[each] for each in near})
    connection.unregister("__counted")
    connection.unregister("__tried")
    return iter(fitting)


def _counts(feature: Feature) -> list[str]:
    """Return the measures that rounding cannot change."""
    return [name for name in feature.measures if feature.columns[name] not in RELATIVE_TOLERANCE]


def _matches(feature: Feature, measures: Sequence[str]) -> str:
    return " AND ".join(matching(feature, name, "e", "s") for name in measures) or "true"


def _rounded(feature: Feature, transactions: StoredRows, tried: Mapping[int, Way]) -> set[int]:
    """Return the suspects that equal the result of their way up to rounding.

    The view `INPUT` has the transactions of the ways, and `__computed` their results.
    """
    connection = transactions.connection
    listing = ", ".join(map(str, tried))
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE __near AS FROM suspects WHERE __suspect IN ({listing})"
    )
    explained: set[int] = set()

    def explain_by(condition: str) -> None:
        rows = connection.execute(f"SELECT __suspect FROM __near WHERE {condition}").fetchall()
        explained.update(int(number) for (number,) in rows)

    explain_by(rounding_explains(feature, connection, "__near"))
    if len(explained) < len(tried):
        most = max(len(way.counted) + len(way.left_out) for way in tried.values())
        explain_by(rounding_of_more_explains(feature, transactions, _COMPUTED, "__near", most))
    return explained
