"""Explains rows of windows that fired before all of their transactions had been read.

A window counts what was read before it fired: in each partition, everything up to some offset. So a
found row is right if it equals the expression over its transactions up to some offset in each
partition, provided that each transaction left out may have met a watermark past the window's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise, product
from typing import Any, Final

import numpy as np
import pyarrow as pa

from pipeline.features import Feature
from pipeline.text.sql import identifier

from . import ways
from .origins import keys
from .sql_names import joined
from .tables import Int64s, StoredRows
from .ways import MOST_WAYS, Suspect, Taken, Way

_MOST_SUSPECTS: Final = 10_000
"""Others are not examined: if one of these is wrong, the feature is wrong."""


@dataclass(frozen=True, slots=True)
class Fired:
    """Rows that are explained by early firing.

    Attributes:
        taken: Number of rows.
        late: Transactions left out, if partitions were read in the order of Kafka's timestamps.
        behind_seconds: How long after its time had passed the latest of them arrived.
    """

    taken: Taken
    late: int
    behind_seconds: float


def explain(feature: Feature, transactions: StoredRows) -> Fired:
    """Remove rows from `missing` and `wrong` that are explained by early firing.

    Args:
        feature: A windowed feature.
        transactions: The transactions that the job has read, with the table `ahead`.
    """
    connection = transactions.connection
    ways.collect(feature, connection)
    explained = ways.explain(feature, transactions, list(_suspects(feature, transactions)))
    verdicts = {number: way.known for number, way in explained.ways.items()}
    verdicts |= dict.fromkeys(explained.undecided, False)
    taken = ways.remove_suspects(feature, connection, verdicts)
    left_out = [way.left_out for way in explained.ways.values() if way.known]
    late = np.unique(np.concatenate(left_out)) if left_out else np.zeros(0, np.int64)
    return Fired(taken, len(late), _behind(transactions, late))


def _behind(transactions: StoredRows, rows: Int64s) -> float:
    if not len(rows):
        return 0.0
    connection = transactions.connection
    connection.register("__late", pa.table({"__row": rows}))
    found = connection.execute(
        f"""SELECT min(epoch_us({identifier(transactions.time)})) FROM {transactions.table}
            SEMI JOIN __late USING (__row)"""
    ).fetchone()
    connection.unregister("__late")
    assert found is not None
    return float(max(transactions.newest.values()) - found[0]) / 1_000_000


def _suspects(feature: Feature, transactions: StoredRows) -> Iterator[Suspect]:
    grouped = keys(feature)
    time = identifier(feature.source.time)
    connection = transactions.connection
    rows = connection.execute(
        f"""SELECT s.__suspect, t.__row, t.__partition,
            a.known >= epoch_us(s.window_end) - 1000 AS known,
            a.possible >= epoch_us(s.window_end) - 1000 AS possible
            FROM (FROM suspects WHERE __suspect <= {_MOST_SUSPECTS}) s JOIN {transactions.table} t
            ON t.{time} >= s.window_start AND t.{time} < s.window_end AND {joined(grouped, "s")}
            JOIN {transactions.ahead} a ON a.__row = t.__row
            ORDER BY s.__suspect, t.__partition, t.__row"""
    ).fetchnumpy()
    bounds = np.flatnonzero(np.diff(rows["__suspect"], prepend=-1, append=-1))
    slices = {int(rows["__suspect"][begin]): slice(begin, end) for begin, end in pairwise(bounds)}
    group = "".join(f", {identifier(name)}" for name in grouped)
    described = connection.execute(
        f"SELECT __suspect, epoch_us(window_start), epoch_us(window_end){group} FROM suspects"
    ).fetchall()
    for number, start, end, *values in described:
        mine = slices.get(number)
        found_ways: list[Way] = []
        complete = number <= _MOST_SUSPECTS
        if mine is not None:
            found = {name: np.asarray(column[mine]) for name, column in rows.items()}
            found_ways, complete = _ways(found)
        yield Suspect(number, start, end, tuple(values), found_ways, complete)


def _ways(rows: dict[str, Any]) -> tuple[list[Way], bool]:
    """The ways in which a window of these transactions may have fired, most likely first."""
    choices: list[list[tuple[Int64s, Int64s, bool]]] = []
    total = 1
    for number in np.unique(rows["__partition"]):
        mine = rows["__partition"] == number
        row, known, possible = (rows[name][mine] for name in ("__row", "known", "possible"))
        # The watermark never falls, so all transactions after a late one may be late.
        first_known = int(np.argmax(known)) if known.any() else len(row)
        first_possible = int(np.argmax(possible)) if possible.any() else len(row)
        cuts = [*range(first_known, len(row) + 1), *range(first_known - 1, first_possible - 1, -1)]
        total *= len(cuts)
        first = cuts[:MOST_WAYS]
        choices.append([(row[:cut], row[cut:], cut >= first_known) for cut in first])
    chosen = [
        Way(
            np.concatenate([counted for counted, _, _ in choice]),
            np.concatenate([left for _, left, _ in choice]),
            all(known for _, _, known in choice),
        )
        for choice in islice(product(*choices), MOST_WAYS)
    ]
    chosen.sort(key=lambda way: not way.known)
    return [way for way in chosen if len(way.left_out)], total <= MOST_WAYS
