"""Events per second of wall time, counted in whole seconds."""

from __future__ import annotations

from collections import deque
from typing import Final

KEPT_SECONDS: Final = 120
_RATE_SECONDS: Final = 5


class Throughput:
    """Counts of the last two minutes."""

    def __init__(self) -> None:
        self._seconds: deque[tuple[int, int]] = deque(maxlen=KEPT_SECONDS + 1)
        self._began: int | None = None

    def add(self, now: float, count: int) -> None:
        """Count events that came at `now`, in seconds since the epoch."""
        second = int(now)
        if self._began is None or second < self._began:
            self._began = second
        # A clock that was set back repeats seconds; they start again.
        while self._seconds and self._seconds[-1][0] > second:
            self._seconds.pop()
        if self._seconds and self._seconds[-1][0] == second:
            count += self._seconds.pop()[1]
        self._seconds.append((second, count))

    def counts(self, now: float) -> tuple[int, ...]:
        """Events of each whole second since the first one, oldest first; of two minutes at most."""
        end = int(now)
        if self._began is None:
            return ()
        known = dict(self._seconds)
        return tuple(known.get(at, 0) for at in range(max(self._began, end - KEPT_SECONDS), end))

    def rate(self, now: float) -> float:
        """Mean of the last whole seconds; the running one is left out, since it is not over."""
        last = self.counts(now)[-_RATE_SECONDS:]
        return sum(last) / len(last) if last else 0.0
