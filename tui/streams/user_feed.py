"""One thread that reads one user's history, for as long as somebody looks at it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from . import problem
from .history import HistorySource, HistoryState, UserHistory

_PAUSE_AFTER_ERROR: Final = 1.0

_log = logging.getLogger(__name__)


class UserFeed:
    """Reads until told to stop, whatever happens to the source.

    Args:
        open_source: Connects; called in the thread, again until it succeeds.
        clock: Seconds since the epoch.
    """

    def __init__(
        self, open_source: Callable[[], HistorySource], clock: Callable[[], float]
    ) -> None:
        self._open_source = open_source
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fraudwatch-user", daemon=True)
        self.history = UserHistory()
        """Replaced as a whole, so that any thread may look at it."""

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more; returns at once."""
        self._stopping.set()

    def _run(self) -> None:
        history_state = HistoryState()
        source: HistorySource | None = None
        while not self._stopping.is_set():
            try:
                source = source or self._open_source()
                batch = source.poll()
                history_state.apply(batch)
                now = self.history.at if batch.error else self._clock()
                changed = batch.transactions or batch.means or batch.windows or batch.recreated
                if changed or batch.read or batch.error != self.history.error:
                    self.history = history_state.history(batch.error, now)
                elif batch.lag == 0:
                    self.history = replace(self.history, caught_up=True, at=now)
            except Exception as error:
                said = problem.said(error, _log, "the history of a user cannot be read")
                self.history = history_state.history(said, self.history.at)
                self._stopping.wait(_PAUSE_AFTER_ERROR)
        problem.close(source, _log)
