"""The thread that reads one user's history while the user's screen is open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from . import problem
from .history import HistorySource, HistoryState, UserHistory
from .reading_thread import ReadingThread

_log = logging.getLogger(__name__)


class UserFeed(ReadingThread):
    """Reads one user's history.

    Args:
        open_source: Connects; called in the thread, again until it succeeds.
        clock: Seconds since the epoch.
        until: The last moment of event time that is shown; None for no last one.
    """

    FAILED = "the history of a user cannot be read"

    def __init__(
        self,
        open_source: Callable[[], HistorySource],
        clock: Callable[[], float],
        until: datetime | None = None,
    ) -> None:
        super().__init__("user")
        self._open_source = open_source
        self._clock = clock
        self._source: HistorySource | None = None
        self._state = HistoryState(until)
        self.history = UserHistory()
        """Replaced as a whole, so that any thread may read it."""

    def step(self) -> None:
        self._source = self._source or self._open_source()
        batch = self._source.poll()
        self._state.apply(batch)
        now = self.history.at if batch.error else self._clock()
        changed = batch.transactions or batch.means or batch.windows or batch.recreated
        if changed or batch.read or batch.error != self.history.error:
            self.history = self._state.history(batch.error, now)
        elif batch.lag == 0:
            self.history = replace(self.history, caught_up=True, at=now)

    def failed(self, failure: problem.Problem) -> None:
        """Publish the problem; the history read so far stays."""
        self.history = self._state.history(str(failure), self.history.at)

    def ended(self) -> None:
        problem.close(self._source, _log)
