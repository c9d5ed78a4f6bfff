"""Reads something again and again in a thread of its own, and keeps the last good answer."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from .problem import Problem

T = TypeVar("T")

_log = logging.getLogger(__name__)


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


class Watch(Generic[T]):
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
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"fraudwatch-{name}", daemon=True)
        self.last: Watched[T] = Watched()
        """Replaced as a whole, so that any thread may look at it."""

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def now(self) -> None:
        """Read at once rather than in a moment."""
        self._wake.set()

    def stop(self) -> None:
        """Read no more; a read that is under way is left behind."""
        self._stopping.set()
        self._wake.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self.last = Watched(self._read(), self._clock())
            except Exception as error:
                _log.info("%s failed", self._thread.name, exc_info=error)
                self.last = replace(self.last, problem=Problem.of(error))
            self._wake.wait(self._seconds)
