"""Flagged records over event time, in buckets whose width fits the stream."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1)
# The possible widths of a bucket in seconds of event time.
_WIDTHS: Final = (60, 300, 900, 3_600, 21_600, 86_400)
_SHOWN: Final = 60
# A narrower width is chosen when this many visible buckets are filled, and dropped with fewer.
_FILLED: Final = 40
_STILL_FILLED: Final = 24
_KEPT_BUCKETS: Final = 256


@dataclass(frozen=True, slots=True)
class FlaggedBuckets:
    """Flagged records in completed buckets of event time.

    Attributes:
        start: Event time of the start of the first bucket.
        width: Event time covered by each bucket.
        counts: Flagged records in each bucket, oldest first.
    """

    start: datetime
    width: timedelta
    counts: tuple[int, ...]

    def per_minute(self, count: float) -> float:
        """Convert the count of one bucket to a rate per minute of event time."""
        return count * 60 / self.width.total_seconds()


class FlaggedRate:
    """Counts flagged records, in bounded memory for any event times."""

    def __init__(self) -> None:
        self._counts: tuple[dict[int, int], ...] = tuple({} for _ in _WIDTHS)
        self._chosen = 0
        self._latest: FlaggedBuckets | None = None

    @property
    def buckets_kept(self) -> tuple[int, ...]:
        """The number of buckets in memory, by width."""
        return tuple(map(len, self._counts))

    def add(self, times: Iterable[datetime], newest: datetime | None) -> None:
        """Count records by their event times; `newest` is that of the stream, if known."""
        for time in times:
            second = _second(time)
            for width, counts in zip(_WIDTHS, self._counts, strict=True):
                bucket = second // width
                counts[bucket] = counts.get(bucket, 0) + 1
                if len(counts) > _KEPT_BUCKETS:
                    _prune(counts, (second if newest is None else _second(newest)) // width)

    def buckets(self, newest: datetime | None) -> FlaggedBuckets | None:
        """Return the buckets up to the stream's event time; None before one is complete."""
        if newest is None or not any(self._counts):
            return None
        now = _second(newest)
        self._chosen = self._choose(now)
        width, counts = _WIDTHS[self._chosen], self._counts[self._chosen]
        end = now // width
        first = min((at for at in counts if end - _SHOWN <= at < end), default=end)
        if first == end:
            return None
        # Whatever came before the first flagged record may not have been read at all.
        found = FlaggedBuckets(
            start=max(datetime.min, _EPOCH + timedelta(seconds=first * width)),
            width=timedelta(seconds=width),
            counts=tuple(counts.get(at, 0) for at in range(first, end)),
        )
        if found != self._latest:
            self._latest = found
        return self._latest

    def _choose(self, now: int) -> int:
        """Choose the narrowest width with enough filled buckets, or one that shows everything."""
        known = _last(self._counts[-1], now // _WIDTHS[-1])
        for number, (width, counts) in enumerate(zip(_WIDTHS, self._counts, strict=True)):
            end = now // width
            filled = sum(end - _SHOWN <= at < end for at in counts)
            if filled >= (_STILL_FILLED if number == self._chosen else _FILLED):
                return number
            if known and _last(counts, end) == known:
                return number
        return len(_WIDTHS) - 1


def _second(at: datetime) -> int:
    return (at.replace(tzinfo=None) - _EPOCH) // timedelta(seconds=1)


def _last(counts: dict[int, int], end: int) -> int:
    """Return how many of the last buckets are filled, including the current one."""
    return sum(count for at, count in counts.items() if end - _SHOWN <= at <= end)


def _prune(counts: dict[int, int], now: int) -> None:
    """Drop the half of the buckets that is farthest from now."""
    nearest = sorted(counts, key=lambda at: abs(at - now))[: _KEPT_BUCKETS // 2]
    nearby = {at: counts[at] for at in nearest}
    counts.clear()
    counts.update(nearby)
