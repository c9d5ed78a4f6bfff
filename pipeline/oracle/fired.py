"""Windows that fired before all of their transactions had come.

A window counts what was read before it fired, and of a partition that is all up to some offset. So
a found row is right if it is what the expression gives for its transactions up to some offset in
each partition, provided that each one left out may have met a watermark beyond the window's end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise, product
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipeline import schema
from pipeline.features import Feature

from .batch import query
from .compare import matching
from .names import listed, quoted, same
from .origins import keys
from .store import Int64s, StoredRows

_MOST_WAYS: Final = 32


@dataclass(frozen=True, slots=True)
class Fired:
    """Rows that are explained by when their windows fired.

    Attributes:
        known_found: Found rows that are right if partitions were read in the order of their times.
        known_absent: Rows that need not be there then.
        possible_found: Found rows that are right for some order, or of which too many are possible.
        possible_absent: Rows that need not be there for some order.
        late: Transactions that were left out in the known order.
        behind_seconds: By how much the latest of them came after its time had passed.
    """

    known_found: int
    known_absent: int
    possible_found: int
    possible_absent: int
    late: int
    behind_seconds: float


@dataclass(frozen=True, slots=True)
class _Way:
    """One way in which a window may have fired: the transactions that it counts."""

    counted: Int64s
    left_out: Int64s
    known: bool


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A row that is not what it would be had all transactions come in time.

    Attributes:
        number: Of the row in the table `suspects`.
        start: Of its window, in microseconds since the epoch.
        end: Of its window.
        group: Its other columns that transactions have, too.
        ways: In which its window may have fired.
        complete: Whether these are all.
    """

    number: int
    start: int
    end: int
    group: tuple[Any, ...]
    ways: Sequence[_Way]
    complete: bool


def explain(feature: Feature, transactions: StoredRows) -> Fired:
    """Take out of `missing` and `wrong` what is explained by when windows fired.

    Args:
        feature: Whose rows are windows.
        transactions: What the job has read, with the table `ahead`.
    """
    connection = transactions.connection
    columns = listed(feature.columns)
    connection.execute(
        f"""CREATE OR REPLACE TABLE suspects AS
            SELECT row_number() OVER () AS __suspect, * FROM (
                SELECT {columns}, __n AS __count, true AS __found FROM wrong
                UNION ALL SELECT {columns}, __absent, false FROM missing)"""
    )
    suspects = list(_suspects(feature, transactions))
    verdicts: dict[int, _Way] = {}
    for colour in _apart(suspects):
        _try_ways(feature, transactions, colour, verdicts)
    undecided = [s.number for s in suspects if s.number not in verdicts and not s.complete]
    left_out = [way.left_out for way in verdicts.values() if way.known]
    late = np.unique(np.concatenate(left_out)) if left_out else np.zeros(0, np.int64)
    connection.register(
        "__verdicts",
        pa.table(
            {
                "__suspect": pa.array([*verdicts, *undecided], pa.int64()),
                "known": pa.array(
                    [way.known for way in verdicts.values()] + [False] * len(undecided), pa.bool_()
                ),
            }
        ),
    )
    row = connection.execute(
        """SELECT coalesce(sum(__count) FILTER (known AND __found), 0),
           coalesce(sum(__count) FILTER (known AND NOT __found), 0),
           coalesce(sum(__count) FILTER (NOT known AND __found), 0),
           coalesce(sum(__count) FILTER (NOT known AND NOT __found), 0)
           FROM suspects JOIN __verdicts USING (__suspect)"""
    ).fetchone()
    assert row is not None
    for table, is_found in (("wrong", "__found"), ("missing", "NOT __found")):
        connection.execute(
            f"""DELETE FROM {table} WHERE EXISTS (
                SELECT 1 FROM suspects s JOIN __verdicts USING (__suspect)
                WHERE {is_found} AND {same(feature.columns, table, "s")})"""
        )
    connection.unregister("__verdicts")
    known_found, known_absent, possible_found, possible_absent = map(int, row)
    return Fired(
        known_found, known_absent, possible_found, possible_absent,
        len(late), _behind(transactions, late),
    )  # fmt: skip


def _behind(transactions: StoredRows, rows: Int64s) -> float:
    if not len(rows):
        return 0.0
    connection = transactions.connection
    connection.register("__late", pa.table({"__row": rows}))
    found = connection.execute(
        f"""SELECT min(epoch_us({quoted(schema.TIME_COLUMN)})) FROM {transactions.table}
            SEMI JOIN __late USING (__row)"""
    ).fetchone()
    connection.unregister("__late")
    assert found is not None
    return float(max(transactions.newest.values()) - found[0]) / 1_000_000


def _suspects(feature: Feature, transactions: StoredRows) -> Iterator[_Suspect]:
    grouped = keys(feature)
    time = quoted(schema.TIME_COLUMN)
    joined = "".join(
        f" AND t.{quoted(column)} IS NOT DISTINCT FROM s.{quoted(name)}"
        for name, column in grouped.items()
    )
    connection = transactions.connection
    rows = connection.execute(
        f"""SELECT s.__suspect, t.__row, t.__partition,
            a.known >= epoch_us(s.window_end) - 1000 AS known,
            a.possible >= epoch_us(s.window_end) - 1000 AS possible
            FROM suspects s JOIN {transactions.table} t
            ON t.{time} >= s.window_start AND t.{time} < s.window_end{joined}
            JOIN ahead a ON a.__row = t.__row ORDER BY s.__suspect, t.__partition, t.__row"""
    ).fetchnumpy()
    bounds = np.flatnonzero(np.diff(rows["__suspect"], prepend=-1, append=-1))
    slices = {int(rows["__suspect"][begin]): slice(begin, end) for begin, end in pairwise(bounds)}
    group = "".join(f", {quoted(name)}" for name in grouped)
    described = connection.execute(
        f"SELECT __suspect, epoch_us(window_start), epoch_us(window_end){group} FROM suspects"
    ).fetchall()
    for number, start, end, *values in described:
        mine = slices.get(number)
        ways: list[_Way] = []
        complete = True
        if mine is not None:
            found = {name: np.asarray(column[mine]) for name, column in rows.items()}
            ways, complete = _ways(found)
        yield _Suspect(number, start, end, tuple(values), ways, complete)


def _ways(rows: dict[str, Any]) -> tuple[list[_Way], bool]:
    """The ways in which a window of these transactions may have fired, the likely ones first."""
    choices: list[list[tuple[Int64s, Int64s, bool]]] = []
    total = 1
    for number in np.unique(rows["__partition"]):
        mine = rows["__partition"] == number
        row, known, possible = (rows[name][mine] for name in ("__row", "known", "possible"))
        # The watermark never falls, so that after one that is late all may be.
        first_known = int(np.argmax(known)) if known.any() else len(row)
        first_possible = int(np.argmax(possible)) if possible.any() else len(row)
        cuts = [*range(first_known, len(row) + 1), *range(first_known - 1, first_possible - 1, -1)]
        total *= len(cuts)
        choices.append([(row[:cut], row[cut:], cut >= first_known) for cut in cuts])
    ways = [
        _Way(
            np.concatenate([counted for counted, _, _ in choice]),
            np.concatenate([left for _, left, _ in choice]),
            all(known for _, _, known in choice),
        )
        for choice in islice(product(*choices), _MOST_WAYS)
    ]
    ways.sort(key=lambda way: not way.known)
    return [way for way in ways if len(way.left_out)], total <= _MOST_WAYS


def _apart(suspects: Sequence[_Suspect]) -> list[list[_Suspect]]:
    """Sorted into lots in which no two windows share a transaction."""
    lots: list[tuple[list[_Suspect], dict[tuple[Any, ...], int]]] = []
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


def _try_ways(
    feature: Feature,
    transactions: StoredRows,
    suspects: Sequence[_Suspect],
    verdicts: dict[int, _Way],
) -> None:
    """Evaluate the windows, one way of each at a time, until each is explained or none is left."""
    for number in range(max(len(suspect.ways) for suspect in suspects)):
        tried = {
            suspect.number: suspect.ways[number]
            for suspect in suspects
            if suspect.number not in verdicts and number < len(suspect.ways)
        }
        if not tried:
            continue
        for found in _fitting(feature, transactions, tried):
            verdicts[found] = tried[found]


def _fitting(feature: Feature, transactions: StoredRows, tried: dict[int, _Way]) -> Iterator[int]:
    """Those of the suspects that are just what these ways give."""
    connection = transactions.connection
    counted = np.concatenate([way.counted for way in tried.values()])
    connection.register("__counted", pa.table({"__row": pa.array(counted, pa.int64())}))
    connection.register("__tried", pa.table({"__suspect": pa.array(list(tried), pa.int64())}))
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE __chosen AS
            SELECT {listed(schema.TRANSACTION_FIELDS)} FROM {transactions.table}
            SEMI JOIN __counted USING (__row)"""
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP VIEW {schema.TRANSACTION_TOPIC} AS SELECT * FROM __chosen"
    )
    matches = " AND ".join(matching(feature, name, "e", "s") for name in feature.measures)
    rows = connection.execute(
        f"""SELECT s.__suspect FROM suspects s SEMI JOIN __tried USING (__suspect)
            LEFT JOIN ({query(feature.table)}) e ON {same(feature.identity, "e", "s")}
            WHERE CASE WHEN s.__found THEN e.window_end IS NOT NULL AND {matches or "true"}
                ELSE e.window_end IS NULL END"""
    ).fetchall()
    connection.unregister("__counted")
    connection.unregister("__tried")
    return iter([int(number) for (number,) in rows])
