"""Events per second of wall time, from counts per whole second."""

from __future__ import annotations

from collections import deque
from typing import Final

KEPT_SECONDS: Final = 120
_RATE_SECONDS: Final = 5


class Throughput:
    """Counts per second of the last two minutes."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque(maxlen=KEPT_SECONDS + 1)
        self._began: int | None = None

    def add(self, now: float, count: int) -> None:
        """Count events that arrived at `now`, in seconds since the epoch."""
        second = int(now)
        if self._began is None or second < self._began:
            self._began = second
        # A clock that was set back repeats seconds, which are counted again.
        while self._seconds and self._seconds[-1][0] > second:
            self._seconds.pop()
        if self._seconds and self._seconds[-1][0] == second:
            count += self._seconds.pop()[1]
        self._seconds.append((second, count))

    def counts(self, now: float) -> tuple[int, ...]:
        """Return the events of each completed second, oldest first; at most two minutes."""
        end = int(now)
        if self._began is None:
            return ()
        known = dict(self._seconds)
        return tuple(known.get(at, 0) for at in range(max(self._began, end - KEPT_SECONDS), end))

    def rate(self, now: float) -> float:
        """Return the mean of the last completed seconds."""
        last = self.counts(now)[-_RATE_SECONDS:]
        return sum(last) / len(last) if last else 0.0
