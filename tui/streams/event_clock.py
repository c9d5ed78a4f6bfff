"""Event time: its progress per partition, its speed, and flagged transactions per hour."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from pipeline.contract import Transaction

from .source import Extent

_SPEED_SECONDS: Final = 10.0
# Every window of the features starts and ends on a full hour.
_HOUR: Final = timedelta(hours=1)
_HOURS_KEPT: Final = 24 * 365


@dataclass(frozen=True, slots=True)
class Partition:
    """The progress of one partition of a source's topic.

    Attributes:
        number: The partition's number.
        newest: Its newest event time.
        at: When its last record arrived, in seconds since the epoch.
    """

    number: int
    newest: datetime
    at: float


@dataclass(frozen=True, slots=True)
class EventTime:
    """The progress of event time in a source.

    Attributes:
        newest: The newest event time of any record.
        speed: Event seconds per second, over the last few seconds; None when it stands still.
        partitions: The partitions, by number.
        older: Whether the topic has older records than those read.
    """

    newest: datetime | None = None
    speed: float | None = None
    partitions: tuple[Partition, ...] = ()
    older: bool = False


class EventClock:
    """Follows event time in the topic of a source."""

    def __init__(self) -> None:
        self._partitions: dict[int, Partition] = {}
        self._begun: dict[int, datetime] = {}
        self._newest: datetime | None = None
        self._marks: deque[tuple[float, datetime]] = deque(maxlen=600)
        self._fraud: dict[datetime, int] = {}

    @property
    def newest(self) -> datetime | None:
        """The newest event time of any record."""
        return self._newest

    def apply(
        self,
        rows: Iterable[Transaction],
        extents: Mapping[int, Extent],
        now: float,
        *,
        past: bool,
    ) -> None:
        """Add the event times of one batch.

        Args:
            rows: The transactions, whose fraud is counted; none of other sources.
            extents: The extent of the batch in each partition.
            now: Seconds since the epoch.
            past: Whether the records are older than the console.
        """
        for number, extent in extents.items():
            known = self._partitions.get(number)
            if known is None and extent.first_offset > 0:
                self._begun[number] = extent.oldest
            newest = max(extent.newest, known.newest) if known else extent.newest
            self._partitions[number] = Partition(number, newest, now)
            self._newest = max(newest, self._newest or newest)
        if extents and not past and self._newest is not None:
            self._marks.append((now, self._newest))
        for row in rows:
            if row.is_fraud:
                time = row.trans_date_trans_time
                hour = time.replace(minute=0, second=0, microsecond=0)
                self._fraud[hour] = self._fraud.get(hour, 0) + 1
        while len(self._fraud) > _HOURS_KEPT:
            del self._fraud[min(self._fraud)]

    def state(self, now: float) -> EventTime:
        partitions = tuple(sorted(self._partitions.values(), key=lambda each: each.number))
        return EventTime(self._newest, self._speed(now), partitions, older=bool(self._begun))

    def fraud(self, start: datetime, end: datetime) -> int | None:
        """Count flagged transactions between two full hours; None unless all of that was read."""
        if any(begun > start for begun in self._begun.values()) or start.minute or end.minute:
            return None
        hours = int((end - start) / _HOUR)
        return sum(self._fraud.get(start + number * _HOUR, 0) for number in range(hours))

    def _speed(self, now: float) -> float | None:
        recent = [mark for mark in self._marks if now - mark[0] <= _SPEED_SECONDS]
        if len(recent) < 2 or recent[-1][0] <= recent[0][0]:
            return None
        (began, first), (ended, last) = recent[0], recent[-1]
        return max(0.0, (last - first).total_seconds() / (ended - began))
