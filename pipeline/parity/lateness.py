"""How far event time may have come when a transaction was read, worked out from the topic itself.

Each partition has a watermark of its own, the newest event time read from it less the delay; a
job's watermark is the smallest of them, but for partitions that count as idle, since nothing came
from them for a while. So the watermark that a transaction met is not known, but it has a bound:

- Its own partition's newest, read in the order of its offsets.
- If its partition was silent, whatever the others had come to by then. Between partitions Kafka
  keeps no order: of several that got records at once one may be read to its end before the next.

A job's watermark may be anywhere below, as it is only moved on now and then.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from pipeline import contract

from .sql_names import quoted
from .tables import BEGINNING, Int64s, StoredRows

DELAY_US: Final = int(contract.WATERMARK_DELAY.total_seconds() * 1_000_000)
_SILENT_MS: Final = 8_000
"""Less than what makes a partition idle, since timestamps are not those of the reader."""
_APART_MS: Final = 60_000
"""By how much a reader may read one partition ahead of another that was silent."""
_UNKNOWN_TIME: Final = 2**62


def watermark(newest: Mapping[int, int], unread: Iterable[int] = ()) -> int:
    """Event time before which all results must be there, in microseconds since the epoch.

    Partitions without valid transactions hold nothing back: the source counts them as idle.

    Args:
        newest: The newest event time that was read, by partition.
        unread: Partitions with valid transactions that are not read yet; one of which none is read
            holds the watermark at the beginning of time.
    """
    numbers = {*newest, *unread}
    return min((newest.get(number, BEGINNING) for number in numbers), default=BEGINNING) - DELAY_US


def work_out(transactions: StoredRows) -> None:
    """Make a table `ahead`: by `__row`, bounds of the watermark that each transaction met.

    `known` is the bound if partitions were read in the order of Kafka's timestamps, `possible`
    that for any order in which they may have been read; both in microseconds since the epoch.
    """
    columns = transactions.connection.execute(
        f"""SELECT __row, __partition, __arrived, __ahead FROM {transactions.table}
            WHERE epoch_us({quoted(transactions.time)}) IS NOT NULL ORDER BY __row"""
    ).fetchnumpy()
    partition, arrived, own = columns["__partition"], columns["__arrived"], columns["__ahead"]
    parts = {int(n): np.flatnonzero(partition == n) for n in np.unique(partition)}
    clock = {n: _clock(arrived[rows]) for n, rows in parts.items()}
    known, possible = own.copy(), own.copy()
    for number, rows in parts.items():
        resumed = _resumed(clock[number])
        for other, others in parts.items():
            if other != number:
                for bound, apart in ((known, 0), (possible, _APART_MS)):
                    until = np.searchsorted(clock[other], resumed + apart, side="right")
                    newest = np.concatenate([[BEGINNING], own[others]])[until]
                    bound[rows] = np.maximum(bound[rows], newest)
    table = pa.table(
        {
            "__row": columns["__row"],
            "known": known - DELAY_US,
            "possible": possible - DELAY_US,
        }
    )
    transactions.connection.register("__ahead", table)
    transactions.connection.execute("CREATE OR REPLACE TABLE ahead AS SELECT * FROM __ahead")
    transactions.connection.unregister("__ahead")


def _clock(arrived: Int64s) -> Int64s:
    """Kafka's timestamps of a partition, made to run forward only; a producer may set any."""
    monotone: Int64s = np.maximum.accumulate(arrived)
    return monotone


def _resumed(clock: Int64s) -> Int64s:
    """When the partition last ended a silence, for each of its records."""
    if clock[0] <= 0:
        # Timestamps that are none say nothing of silences.
        return np.full(len(clock), _UNKNOWN_TIME, np.int64)
    starts = np.flatnonzero(np.diff(clock, prepend=clock[0] - _SILENT_MS) >= _SILENT_MS)
    last = np.searchsorted(starts, np.arange(len(clock)), side="right") - 1
    resumed: Int64s = clock[starts[last]]
    return resumed
