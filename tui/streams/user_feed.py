"""The thread that reads one user's history while the user's screen is open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from . import problem
from .reading_thread import ReadingThread

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What one poll returned.

    Attributes:
        read: Records read, of all users.
        lag: Records in Kafka that have not been read yet; None when unknown.
        recreated: Whether topics were deleted or recreated, so that earlier records are gone.
        error: Why Kafka cannot be read at the moment; empty when it can.
    """

    read: int = 0
    lag: int | None = None
    recreated: bool = False
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A user's history at one moment.

    Attributes:
        flagged: Number of the user's flagged records read.
        total: Number of the user's records read.
        read: Records read, of all users.
        caught_up: Whether everything in Kafka has been read.
        error: Why Kafka cannot be read at the moment; empty when it can.
        at: When Kafka was last read, in seconds since the epoch.
    """

    flagged: int = 0
    total: int = 0
    read: int = 0
    caught_up: bool = False
    error: str = ""
    at: float = 0.0


BatchT = TypeVar("BatchT", bound=Polled)
BatchT_co = TypeVar("BatchT_co", bound=Polled, covariant=True)
BatchT_contra = TypeVar("BatchT_contra", bound=Polled, contravariant=True)
HistoryT = TypeVar("HistoryT", bound=History)
HistoryT_co = TypeVar("HistoryT_co", bound=History, covariant=True)


class HistorySource(Protocol[BatchT_co]):
    """Reads the history of one user."""

    def poll(self) -> BatchT_co:
        """Wait a fraction of a second for the next batch, and return it; it may be empty."""

    def close(self) -> None: ...


class Collected(Protocol[BatchT_contra, HistoryT_co]):
    """Collects the history of one user; not thread-safe."""

    def apply(self, batch: BatchT_contra) -> None: ...

    def history(self, error: str, now: float) -> HistoryT_co:
        """Return the history so far, with why Kafka cannot be read at the moment."""


class UserFeed(ReadingThread, Generic[BatchT, HistoryT]):
    """Reads one user's history.

    Args:
        open_source: Connects; called in the thread, again until it succeeds.
        clock: Seconds since the epoch.
        state: Collects what is read.
    """

    FAILED = "the history of a user cannot be read"

    def __init__(
        self,
        open_source: Callable[[], HistorySource[BatchT]],
        clock: Callable[[], float],
        state: Collected[BatchT, HistoryT],
    ) -> None:
        super().__init__("user")
        self._open_source = open_source
        self._clock = clock
        self._source: HistorySource[BatchT] | None = None
        self._state = state
        self.history: HistoryT = state.history("", 0.0)
        """Replaced as a whole, so that any thread may read it."""

    def step(self) -> None:
        self._source = self._source or self._open_source()
        batch = self._source.poll()
        self._state.apply(batch)
        now = self.history.at if batch.error else self._clock()
        if batch.read or batch.recreated or batch.error != self.history.error:
            self.history = self._state.history(batch.error, now)
        elif batch.lag == 0:
            self.history = replace(self.history, caught_up=True, at=now)

    def failed(self, failure: problem.Problem) -> None:
        """Publish the problem; the history read so far stays."""
        self.history = self._state.history(str(failure), self.history.at)

    def ended(self) -> None:
        problem.close(self._source, _log)
