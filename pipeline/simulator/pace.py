"""How fast transactions go: by number per second, or by their own times."""

from __future__ import annotations

from datetime import datetime

# Behind by more than this, as after a laptop's sleep, one goes on from here instead of catching up.
PATIENCE_SECONDS = 1.0


class RatePace:
    """So many per second of real time, however long the pauses between two questions are."""

    def __init__(self, now: float) -> None:
        self._asked_at = now
        self._owed = 0.0

    def due(self, now: float, rate: float, most: int) -> int:
        """How many to send now.

        Args:
            now: Seconds on a clock that only goes forward.
            rate: Transactions per second since the last question.
            most: More than so many are not asked for at once, and are not made up for later.
        """
        self._owed += min(now - self._asked_at, PATIENCE_SECONDS) * rate
        self._asked_at = now
        due = int(self._owed)
        self._owed -= due
        return min(due, most)


class EventPace:
    """Each at its own time, sped up.

    Args:
        speed: Seconds of event time per second of real time.
    """

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._offset: float | None = None
        self._newest = 0.0

    def wait(self, event_time: datetime, now: float) -> float:
        """Seconds to wait before a transaction is due; 0 when it is due."""
        planned = (event_time - datetime.min).total_seconds() / self._speed
        # A late transaction goes out with the newest one; it is no reason to start anew.
        planned = self._newest = max(planned, self._newest)
        if self._offset is None or now - (planned + self._offset) > PATIENCE_SECONDS:
            self._offset = now - planned
        return max(0.0, planned + self._offset - now)
