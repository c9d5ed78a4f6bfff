"""Watermarks worked out from the topic itself: what must be final, and what may have come too late.

Each partition has a watermark of its own, the newest event time read from it less the delay; a
job's watermark is the smallest of them. So a transaction is late only if it is behind its own
partition's newest by more than the delay, or if another ran ahead while its own counted as idle.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from pipeline import schema

from .rows import TopicRows

DELAY_US: Final = int(schema.WATERMARK_DELAY.total_seconds() * 1_000_000)

BEGINNING: Final = -(2**60)
END: Final = 2**60

Int64s = np.ndarray[Any, np.dtype[np.int64]]
Bools = np.ndarray[Any, np.dtype[np.bool_]]


def watermark(transactions: TopicRows, partitions: Iterable[int] | None = None) -> int:
    """Event time before which all results must be there, in microseconds since the epoch.

    Args:
        transactions: What the job has read.
        partitions: Those that hold transactions, read or not; those of `transactions` when None.
            One of which nothing is read holds the watermark at the beginning of time.
    """
    numbers = np.unique(transactions.partition) if partitions is None else list(partitions)
    newest = [
        transactions.event_time[transactions.partition == number].max(initial=BEGINNING)
        for number in numbers
    ]
    return int(min(newest, default=BEGINNING)) - DELAY_US


def late_candidates(transactions: TopicRows) -> tuple[Bools, Bools]:
    """Which transactions Flink may have dropped as late: the likely ones, and all possible ones.

    Likely are those behind their own partition's newest; possible, too, those behind another's, for
    a partition that was silent for long does not hold the watermark back.
    """
    likely = np.zeros(len(transactions.event_time), np.bool_)
    for number in np.unique(transactions.partition):
        rows = np.flatnonzero(transactions.partition == number)
        likely[rows] = _behind(transactions.event_time[rows])
    # Across partitions the order of arrival is only as good as Kafka's timestamps.
    order = np.argsort(transactions.arrived, kind="stable")
    possible = likely.copy()
    possible[order] |= _behind(transactions.event_time[order])
    return likely, possible


def _behind(event_time: Int64s) -> Bools:
    if not len(event_time):
        return np.zeros(0, np.bool_)
    newest = np.maximum.accumulate(event_time)
    behind: Bools = event_time <= newest - DELAY_US
    return behind


def most_behind_seconds(transactions: TopicRows, late: Bools) -> float:
    """By how much the latest of the late transactions came after its time had passed."""
    if not late.any():
        return 0.0
    newest = transactions.event_time.max()
    return float(newest - transactions.event_time[late].min()) / 1_000_000
