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
from .sql_names import joined
from .tables import BEGINNING, END, Int64s, StoredRows
from .ways import MOST_WAYS, Suspect, Way

_MOST_SUSPECTS: Final = 1_000
"""Others are not examined: if these are wrong, the feature is wrong."""


def after(feature: Feature) -> int:
    """Time between a transaction and the timer that clears its state, in microseconds."""
    return _back(feature) * 3 // 2 + 1_000


def explain(feature: Feature, transactions: StoredRows) -> int:
    """Remove rows from `wrong` that are right if state was cleared; return their number.

    Args:
        feature: A feature whose windows share one state.
        transactions: The transactions that the job has read, with the tables `ahead` and, if rows
            are missing, `dropped`.
    """
    connection = transactions.connection
    ways.collect(feature, connection)
    suspects = list(islice(_suspects(feature, transactions), _MOST_SUSPECTS + 1))
    explained = ways.explain(feature, transactions, suspects[:_MOST_SUSPECTS])
    undecided = {
        suspect.number
        for suspect in suspects
        if suspect.number not in explained and not suspect.complete
    }
    undecided.update(suspect.number for suspect in suspects[_MOST_SUSPECTS:])
    taken = ways.remove_suspects(
        feature, connection, dict.fromkeys({*explained, *undecided}, False)
    )
    return taken.possible_found


def _suspects(feature: Feature, transactions: StoredRows) -> Iterator[Suspect]:
    grouped = keys(feature)
    time, at = identifier(feature.source.time), identifier(feature.event_time)
    group = ", ".join(f"s.{identifier(name)}" for name in grouped)
    rows = transactions.connection.execute(
        f"""SELECT __suspect, epoch_us(s.{at}) AS at, {group}, t.__row, t.__partition,
            epoch_us(t.{time}) AS time, a.possible
            FROM suspects s JOIN {transactions.table} t ON {joined(grouped, "s")}
            JOIN ahead a ON a.__row = t.__row
            ANTI JOIN dropped d ON d.__row = t.__row
            WHERE s.__found ORDER BY __suspect, t.__row"""
    ).fetchnumpy()
    bounds = np.flatnonzero(np.diff(rows["__suspect"], prepend=-1, append=-1))
    back = _back(feature)
    for begin, end in pairwise(bounds):
        mine = {name: np.asarray(column[begin:end]) for name, column in rows.items()}
        found, complete = _ways(mine, back)
        yield Suspect(
            int(mine["__suspect"][0]), BEGINNING, END,
            tuple(mine[name][0] for name in grouped), found, complete,
        )  # fmt: skip


def _back(feature: Feature) -> int:
    back = lookback(feature.table)
    assert back is not None
    return back // timedelta(microseconds=1)


def _ways(rows: dict[str, Any], back: int) -> tuple[list[Way], bool]:
    """The ranges between two clearings that contain the row's own transaction."""
    row, time, at = rows["__row"], rows["time"], rows["at"][0]
    seen = (time <= at) & (time >= at - back)
    if len(np.unique(rows["__partition"])) > 1:
        # Their order is unknown, and so is what came between two clearings. One that is late and
        # accepted, since the state was cleared, is not in rows that were computed before.
        late = seen & (time <= rows["possible"])
        return [], not bool(late.any())
    # The state may have been cleared before each of these.
    fresh = np.flatnonzero(rows["possible"][1:] >= time[:-1] + back) + 1
    cuts = [0, *map(int, fresh), len(row)]
    stretches: dict[tuple[int, int], Int64s] = {}
    before = np.concatenate([[0], np.cumsum(seen)])
    for first, begin in enumerate(cuts[:-1]):
        for end in cuts[first + 1 :]:
            counted = row[begin:end][seen[begin:end]]
            own = (time[begin:end] == at).any()
            if own and len(counted) < seen.sum():
                stretches.setdefault((int(before[begin]), int(before[end])), counted)
            if len(stretches) > MOST_WAYS:
                break
    found = [
        Way(counted, np.setdiff1d(row[seen], counted), known=False)
        for counted in stretches.values()
    ]
    return found[:MOST_WAYS], len(found) <= MOST_WAYS
