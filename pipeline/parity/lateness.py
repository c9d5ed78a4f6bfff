"""Bounds the watermark that each transaction met, from the content of the topic alone.

Each partition has a watermark: the newest event time read from it, minus the delay. The job's
watermark is the minimum over all partitions except idle ones, which had no records for a while. So
the watermark that a transaction met is unknown, but bounded:

- by its own partition's newest event time, in the order of offsets;
- if its partition was silent, or read again after a restart, by how far the others may have come by
  then. Kafka keeps no order between partitions: of several with records, one may be read to its end
  before the next.

The job's watermark may be lower, as it only advances at intervals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final

import numpy as np
import pyarrow as pa

from pipeline.sources import Source
from pipeline.text.sql import identifier

from .restarts import Restart
from .tables import BEGINNING, Int64s, StoredRows

_SILENT_SHARE: Final = 0.8
"""Of the idle timeout, since producers' timestamps are not those of the reader."""
_APART_MS: Final = 60_000
"""How far a reader may read one partition ahead of another that was silent."""
_UNKNOWN_TIME: Final = 2**62


def delay(source: Source) -> int:
    """Return how far the watermark is behind the newest event time, in microseconds."""
    return source.watermark // timedelta(microseconds=1)


def watermark(source: Source, newest: Mapping[int, int], unread: Iterable[int] = ()) -> int:
    """Return the event time before which all results must exist, in microseconds since the epoch.

    Partitions without valid transactions do not hold it back: the source counts them as idle.

    Args:
        source: The source.
        newest: The newest event time read, by partition.
        unread: Partitions with valid transactions that were not read yet. One without any read
            transaction holds the watermark at the beginning of time.
    """
    numbers = {*newest, *unread}
    least = min((newest.get(number, BEGINNING) for number in numbers), default=BEGINNING)
    return least - delay(source)


def bound_watermarks(
    transactions: StoredRows, source: Source, restarts: Sequence[Restart] = ()
) -> None:
    """Create the table `ahead`: by `__row`, bounds of the watermark that each transaction met.

    `known` is the bound if partitions were read in the order of Kafka's timestamps, `possible` that
    for any order in which they may have been read; both in microseconds since the epoch.

    Args:
        transactions: The transactions that the job has read.
        source: The source.
        restarts: After each, what had not been read before a checkpoint was read in any order.
    """
    columns = transactions.connection.execute(
        f"""SELECT __row, __partition, __arrived, __ahead FROM {transactions.table}
            WHERE epoch_us({identifier(transactions.time)}) IS NOT NULL ORDER BY __row"""
    ).fetchnumpy()
    partition, arrived, own = columns["__partition"], columns["__arrived"], columns["__ahead"]
    parts = {int(n): np.flatnonzero(partition == n) for n in np.unique(partition)}
    clock = {n: _clock(arrived[rows]) for n, rows in parts.items()}
    known: Int64s = own.copy()
    possible: Int64s = own.copy()
    silent = int(source.idle / timedelta(milliseconds=1) * _SILENT_SHARE)
    for number, rows in parts.items():
        resumed = _resumed(clock[number], silent)
        for other, others in parts.items():
            if other != number:
                for bound, apart in ((known, 0), (possible, _APART_MS)):
                    until = np.searchsorted(clock[other], resumed + apart, side="right")
                    newest = np.concatenate([[BEGINNING], own[others]])[until]
                    bound[rows] = np.maximum(bound[rows], newest)
                for restart in restarts:
                    again = rows[clock[number] >= restart.since]
                    then = clock[other] <= restart.at + _APART_MS
                    newest = np.max(own[others[then]], initial=BEGINNING)
                    possible[again] = np.maximum(possible[again], newest)
    table = pa.table(
        {
            "__row": columns["__row"],
            "known": known - delay(source),
            "possible": possible - delay(source),
        }
    )
    transactions.connection.register("__ahead", table)
    transactions.connection.execute("CREATE OR REPLACE TABLE ahead AS SELECT * FROM __ahead")
    transactions.connection.unregister("__ahead")


def _clock(arrived: Int64s) -> Int64s:
    """Make a partition's Kafka timestamps monotonic; producers may set any."""
    monotone: Int64s = np.maximum.accumulate(arrived)
    return monotone


def _resumed(clock: Int64s, silent: int) -> Int64s:
    """For each record, when the partition last ended a silence of so many milliseconds."""
    if clock[0] <= 0:
        # Invalid timestamps say nothing about silences.
        return np.full(len(clock), _UNKNOWN_TIME, np.int64)
    starts = np.flatnonzero(np.diff(clock, prepend=clock[0] - silent) >= silent)
    last = np.searchsorted(starts, np.arange(len(clock)), side="right") - 1
    resumed: Int64s = clock[starts[last]]
    return resumed
