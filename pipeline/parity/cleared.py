"""Explains rows of `.over()` that were computed after Flink had cleared the state of their group.

Flink's state holds the rows of one range of time, and is cleared once event time has advanced by
more than the range. A late transaction then finds no state, and its row sees only what came after.
So a row in the sink is right if it equals the expression over its group's transactions between two
moments at which the state may have been cleared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice, pairwise
from typing import Any, Final

import numpy as np

from pipeline.features import Feature
from pipeline.text.sql import identifier

from . import ways
from .batch import lookback
from .origins import keys
from .sql_names import joined, same
from .tables import StoredRows
from .ways import MOST_WAYS, Suspect, Way

_MOST_SUSPECTS: Final = 1_000
"""Others are not examined: if one of these is wrong, the feature is wrong."""


def after(feature: Feature) -> int:
    """Time between a transaction and the timer that clears its state, in microseconds."""
    return _back(feature) * 3 // 2 + 1_000


def explain(feature: Feature, transactions: StoredRows, *, restarted: bool) -> int:
    """Remove rows from `wrong` that are right if state was cleared; return their number.

    Args:
        feature: A feature whose windows share one state.
        transactions: The transactions that the job has read, with the tables `ahead`, `dropped` and
            `dropped_again`.
        restarted: Whether the job was restarted. Then it is unknown which of a group's transactions
            with one time it has dropped; before, it drops those that arrived last.
    """
    connection = transactions.connection
    ways.collect(feature, connection)
    suspects = list(_suspects(feature, transactions, restarted=restarted))
    explained = ways.explain(feature, transactions, suspects)
    others = connection.execute(
        f"SELECT __suspect FROM suspects WHERE __found AND __suspect > {_MOST_SUSPECTS}"
    ).fetchall()
    possible = {*explained.ways, *explained.undecided, *(int(number) for (number,) in others)}
    return ways.remove_suspects(feature, connection, dict.fromkeys(possible, False)).possible_found


def _suspects(feature: Feature, transactions: StoredRows, *, restarted: bool) -> Iterator[Suspect]:
    grouped, back = keys(feature), _back(feature)
    at = f"epoch_us(s.{identifier(feature.event_time)})"
    time = f"epoch_us(t.{identifier(feature.source.time)})"
    group = [identifier(column) for column in dict.fromkeys(grouped.values())]
    by = f"PARTITION BY {', '.join(group)}" if group else ""
    columns = "".join(f"t.{column}, " for column in group)
    # The state may have been cleared before a record whose watermark had passed the one before it.
    rows = transactions.connection.execute(
        f"""WITH these AS (FROM suspects WHERE __suspect <= {_MOST_SUSPECTS} AND __found),
        of_groups AS (
            SELECT {columns}t.__row, {time} AS __time, a.possible AS __possible,
                coalesce(a.possible >= lag({time}) OVER ({by} ORDER BY t.__row) + {back}, false)
                    AS __fresh,
                min(t.__partition) OVER ({by}) < max(t.__partition) OVER ({by}) AS __several
            FROM {transactions.table} t JOIN {transactions.ahead} a ON a.__row = t.__row
            SEMI JOIN these s ON {joined(grouped, "s")}
            ANTI JOIN dropped d ON d.__row = t.__row
        ), in_states AS (
            SELECT *, sum(__fresh::INTEGER) OVER ({by} ORDER BY __row) AS __state FROM of_groups
        ), partly_dropped AS (
            SELECT DISTINCT {columns}{time} AS __time
            FROM {transactions.table} t SEMI JOIN dropped d ON d.__row = t.__row
        )
        SELECT {columns}s.__suspect, {at} AS __at, t.__row, __time, __possible, __several, __state,
            EXISTS (SELECT 1 FROM dropped_again d WHERE d.__row = t.__row
                AND s.__written >= __from AND s.__written < __until) AS __dropped_again,
            {str(restarted).lower()} AND EXISTS (
                SELECT 1 FROM partly_dropped p
                WHERE {same(grouped.values(), "p", "t")} AND p.__time = t.__time
            ) AS __exchangeable
        FROM these s JOIN in_states t
        ON {joined(grouped, "s")} AND t.__time BETWEEN {at} - {back} AND {at}
        ORDER BY s.__suspect, t.__row"""
    ).fetchnumpy()
    bounds = np.flatnonzero(np.diff(rows["__suspect"], prepend=-1, append=-1))
    for begin, end in pairwise(bounds):
        mine = {name: np.asarray(column[begin:end]) for name, column in rows.items()}
        found, complete = _ways(mine)
        own = int(mine["__at"][0])
        yield Suspect(
            int(mine["__suspect"][0]), own - back, own + 1,
            tuple(mine[name][0] for name in grouped.values()), found,
            complete and not mine["__exchangeable"].any(),
        )  # fmt: skip


def _back(feature: Feature) -> int:
    back = lookback(feature.table)
    assert back is not None
    return back // timedelta(microseconds=1)


def _ways(rows: dict[str, Any]) -> tuple[list[Way], bool]:
    """The ranges between two clearings that contain the row's own transaction.

    Args:
        rows: The transactions that the row would be computed from, in the order of their arrival.
    """
    row, time = rows["__row"], rows["__time"]
    if rows["__several"][0]:
        # Their order is unknown, and so is what came between two clearings. One that is late and
        # accepted, since the state was cleared, is not in rows that were computed before.
        return [], not bool((time <= rows["__possible"]).any())
    own = np.flatnonzero(time == rows["__at"][0])
    if not len(own):
        return [], True
    cuts = [0, *map(int, np.flatnonzero(np.diff(rows["__state"])) + 1), len(row)]
    numbers = np.arange(len(row))
    counted = (
        (begin <= numbers) & (numbers < end) & ~left_out
        for left_out in _dropped_again(rows["__dropped_again"])
        for begin in cuts
        if begin <= own[-1]
        for end in cuts
        if end > own[0] and ((begin <= own) & (own < end) & ~left_out[own]).any()
    )
    found = [
        Way(row[these], row[~these], known=False)
        for these in islice((these for these in counted if not these.all()), MOST_WAYS + 1)
    ]
    return found[:MOST_WAYS], len(found) <= MOST_WAYS


def _dropped_again(possible: Any) -> Iterator[Any]:
    """Masks of what a restarted job dropped: nothing, or a run of what it may have dropped."""
    places = np.flatnonzero(possible)
    numbers = np.arange(len(possible))
    yield np.zeros(len(possible), np.bool_)
    for length in range(len(places), 0, -1):
        for first, last in zip(places, places[length - 1 :], strict=False):
            yield possible & (first <= numbers) & (numbers <= last)
