"""A thread that repeats a read and holds the last good answer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from .problem import Problem
from .reading_thread import ReadingThread

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Watched(Generic[T]):
    """The result of the last read.

    Attributes:
        value: The last good answer; None before the first one.
        at: When it was read, in seconds since the epoch.
        problem: Why the last read failed; None when it succeeded.
    """

    value: T | None = None
    at: float = 0.0
    problem: Problem | None = None


class Watch(ReadingThread, Generic[T]):
    """Repeats a blocking read.

    Args:
        read: The blocking read; called in the thread. Its errors are published, not raised.
        seconds: Pause between two reads.
        clock: Seconds since the epoch.
        name: The thread's name.
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
        """The result of the last read, including amendments."""
        return self._last

    def now(self) -> None:
        """Read now rather than after the pause."""
        self._wake()

    def amend(self, change: Callable[[T], T]) -> None:
        """Update the last answer with something known since it was read."""
        with self._changing:
            if self._last.value is not None:
                self._last = replace(self._last, value=change(self._last.value))

    def step(self) -> None:
        value = self._read()
        with self._changing:
            self._last = Watched(value, self._clock())
        self._wait(self._seconds)

    def failed(self, failure: Problem) -> None:
        """Publish the problem with the last good answer."""
        with self._changing:
            self._last = replace(self._last, problem=failure)
