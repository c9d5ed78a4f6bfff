"""One thread that reads batches from a source into the store, whatever happens to the source."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from pipeline.errors import PipelineError

from .source import Source
from .store import Store

_PAUSE_AFTER_ERROR: Final = 1.0
_JOIN_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


class Feed:
    """Reads a source in a thread of its own until told to stop.

    Args:
        open_source: Connects; called in the thread, again until it succeeds.
        store: Where batches go.
        pause: Seconds to wait after an error.
    """

    def __init__(
        self, open_source: Callable[[], Source], store: Store, *, pause: float = _PAUSE_AFTER_ERROR
    ) -> None:
        self._open_source = open_source
        self._store = store
        self._pause = pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fraudwatch-feed", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a source that does not return in time is left behind."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_JOIN_SECONDS)

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        source: Source | None = None
        while not self._stopping.is_set():
            try:
                source = source or self._open_source()
                self._store.apply(source.poll())
            except Exception as error:
                self._survive(error)
        if source is not None:
            try:
                source.close()
            except Exception:
                _log.exception("the source does not close")

    def _survive(self, error: Exception) -> None:
        if isinstance(error, PipelineError):
            self._store.fail(str(error))
        else:
            _log.exception("the source failed")
            self._store.fail(f"{type(error).__name__}: {error}")
        self._stopping.wait(self._pause)
