"""Reads something again and again, and keeps the last good answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from .problem import Problem
from .reading import ReadingThread

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Watched(Generic[T]):
    """What was read last.

    Attributes:
        value: The last good answer; None when there never was one.
        at: When it was read, in seconds since the epoch.
        problem: Why the last try failed; None when it did not.
    """

    value: T | None = None
    at: float = 0.0
    problem: Problem | None = None


class Watch(ReadingThread, Generic[T]):
    """A blocking read, repeated.

    Args:
        read: What to read; called in the thread. Its errors are kept, not raised.
        seconds: Between two reads.
        clock: Seconds since the epoch.
        name: Of the thread.
    """

    def __init__(
        self, read: Callable[[], T], seconds: float, clock: Callable[[], float], *, name: str
    ) -> None:
        super().__init__(name, pause=seconds)
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._changing = threading.Lock()
        self._last: Watched[T] = Watched()

    @property
    def last(self) -> Watched[T]:
        """What was read last, or has become of it."""
        return self._last

    def now(self) -> None:
        """Read at once rather than in a moment."""
        self._wake()

    def amend(self, change: Callable[[T], T]) -> None:
        """Change what was read last, where more is known of it than when it was read."""
        with self._changing:
            if self._last.value is not None:
                self._last = replace(self._last, value=change(self._last.value))

    def step(self) -> None:
        value = self._read()
        with self._changing:
            self._last = Watched(value, self._clock())
        self._wait(self._seconds)

    def failed(self, failure: Problem) -> None:
        """Keep the last good answer, beside why there is none newer."""
        with self._changing:
            self._last = replace(self._last, problem=failure)
