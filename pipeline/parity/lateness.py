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

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from operator import attrgetter
from typing import Final

import numpy as np
import pyarrow as pa

from pipeline.sources import Source
from pipeline.text.sql import identifier

from .restarts import Restart
from .sql_names import micros_of
from .tables import BEGINNING, Int64s, StoredRows

_SILENT_SHARE: Final = 0.8
"""Of the idle timeout, since producers' timestamps are not those of the reader."""
_APART_MS: Final = 60_000
"""How far a reader may read one partition ahead of another that was silent."""
_UNKNOWN_TIME: Final = 2**62


def delay(source: Source) -> int:
    """Return how far the watermark is behind the newest event time, in microseconds."""
    return micros_of(source.watermark)


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
    streams: Sequence[StoredRows], sources: Sequence[Source], restarts: Sequence[Restart] = ()
) -> None:
    """Create the table `ahead` of each stream: bounds of the watermark that each record met.

    By `__row`, `known` is the bound if partitions were read in the order of Kafka's timestamps,
    `possible` that for any order in which they may have been read; both in microseconds since the
    epoch. Where two streams meet, the partitions of both count, each with the delay of its own.

    Args:
        streams: The records of each source that the job has read.
        sources: The sources.
        restarts: After each, what had not been read before a checkpoint was read in any order, by a
            job without a watermark.
    """
    parts = [
        part
        for rows, source in zip(streams, sources, strict=True)
        for part in _partitions(rows, source)
    ]
    bounds = {rows.table: list[pa.Table]() for rows in streams}
    for part in parts:
        known = _met(part, parts, attrgetter("own"))
        possible = _met(part, parts, attrgetter("own"), _APART_MS)
        for restart in restarts:
            again = part.clock >= restart.since
            for other in parts:
                if other is not part:
                    then = other.own[other.clock <= restart.at + _APART_MS]
                    possible[again] = np.maximum(possible[again], np.max(then, initial=BEGINNING))
            afresh = _met(part, parts, partial(_Partition.own_after, restart=restart))
            known[again] = np.minimum(known[again], afresh[again])
        table = pa.table({"__row": part.rows, "known": known, "possible": possible})
        bounds[part.stream.table].append(table)
    for rows in streams:
        rows.connection.execute(
            f"""CREATE OR REPLACE TABLE {rows.ahead}
                (__row BIGINT, known BIGINT, possible BIGINT)"""
        )
        for table in bounds[rows.table]:
            rows.connection.register("__ahead", table)
            rows.connection.execute(f"INSERT INTO {rows.ahead} SELECT * FROM __ahead")
            rows.connection.unregister("__ahead")


@dataclass(frozen=True, slots=True, eq=False)
class _Partition:
    """The records of a partition, in the order of their offsets.

    Attributes:
        stream: The stream that it is a part of.
        rows: `__row` of each record.
        own: The watermark of the partition after each record, in microseconds.
        clock: When each record was written, in milliseconds.
        resumed: When the partition last ended a silence, likewise.
    """

    stream: StoredRows
    rows: Int64s
    own: Int64s
    clock: Int64s
    resumed: Int64s

    def own_after(self, restart: Restart) -> Int64s:
        """As `own`, but of records after a restart alone: the job had no watermark then."""
        later = self.clock > restart.at
        before = np.max(self.own[~later], initial=BEGINNING)
        return np.where(later & (self.own > before), self.own, BEGINNING)


def _met(
    part: _Partition,
    parts: Sequence[_Partition],
    own: Callable[[_Partition], Int64s],
    apart: int = 0,
) -> Int64s:
    """The watermark that each record of a partition met, of its own and of the others' if silent.

    Args:
        part: The partition.
        parts: All partitions.
        own: Returns the watermark of a partition after each of its records.
        apart: How much later than by Kafka's timestamps the others were read at most, in
            milliseconds.
    """
    bound = own(part).copy()
    for other in parts:
        if other is not part:
            until = np.searchsorted(other.clock, part.resumed + apart, side="right")
            np.maximum(bound, np.concatenate([[BEGINNING], own(other)])[until], out=bound)
    return bound


def _partitions(stream: StoredRows, source: Source) -> Iterator[_Partition]:
    columns = stream.connection.execute(
        f"""SELECT __row, __partition, __arrived, __ahead FROM {stream.table}
            WHERE epoch_us({identifier(stream.time)}) IS NOT NULL ORDER BY __row"""
    ).fetchnumpy()
    silent = int(source.idle / timedelta(milliseconds=1) * _SILENT_SHARE)
    for number in np.unique(columns["__partition"]):
        these = np.flatnonzero(columns["__partition"] == number)
        clock = _clock(columns["__arrived"][these])
        own = columns["__ahead"][these] - delay(source)
        yield _Partition(stream, columns["__row"][these], own, clock, _resumed(clock, silent))


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
