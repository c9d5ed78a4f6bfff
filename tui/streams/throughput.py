"""Events per second of wall time, counted in whole seconds."""

from __future__ import annotations

from collections import deque
from typing import Final

_KEPT_SECONDS: Final = 120
_RATE_SECONDS: Final = 5


class Throughput:
    """Counts of the last two minutes."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque(maxlen=_KEPT_SECONDS)
        self._began: int | None = None

    def add(self, now: float, count: int) -> None:
        """Count events that came at `now`, in seconds since the epoch."""
        second = int(now)
        if self._began is None:
            self._began = second
        if self._seconds and self._seconds[-1][0] == second:
            count += self._seconds.pop()[1]
        self._seconds.append((second, count))

    def rate(self, now: float) -> float:
        """Mean of the last whole seconds; the running one is left out, since it is not over."""
        end = int(now)
        if self._began is None or end <= self._began:
            return 0.0
        span = min(_RATE_SECONDS, end - self._began)
        return sum(count for second, count in self._seconds if end - span <= second < end) / span
