"""When transactions are due: a number per second, or each at its own event time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

# A longer delay, such as a suspended laptop, is not caught up: sending goes on from the present.
_CATCH_UP_SECONDS: Final = 1.0


class RatePace:
    """A number of transactions per second of real time, whatever the interval between calls."""

    def __init__(self, now: float) -> None:
        self._previous = now
        self._due = 0.0

    def due(self, now: float, rate: float, limit: int) -> int:
        """Return how many transactions to send now.

        Args:
            now: Seconds on a monotonic clock.
            rate: Transactions per second since the previous call.
            limit: The most to return; those above it are dropped, not sent later.
        """
        self._due += min(now - self._previous, _CATCH_UP_SECONDS) * rate
        self._previous = now
        due = int(self._due)
        self._due -= due
        return min(due, limit)


class EventPace:
    """Each transaction at its own event time, sped up.

    Args:
        speed: Seconds of event time per second of real time.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._offset: float | None = None
        self._newest = 0.0

    def wait(self, event_time: datetime, now: float) -> float:
        """Return the seconds until a transaction is due; 0 when it is due."""
        planned = (event_time - datetime.min).total_seconds() / self._speed
        # A late transaction is due with the newest one; it does not reset the offset.
        planned = self._newest = max(planned, self._newest)
        if self._offset is None or now - (planned + self._offset) > _CATCH_UP_SECONDS:
            self._offset = now - planned
        return max(0.0, planned + self._offset - now)
