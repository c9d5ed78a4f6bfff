"""One thread that reads batches from a source into the store, whatever happens to the source."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from . import problem

if TYPE_CHECKING:
    from .source import Source
    from .store import Store

T = TypeVar("T")

# Tables are drawn no more often than this, so more snapshots would be for nobody.
_PUBLISH_SECONDS: Final = 0.3
_PAUSE_AFTER_ERROR: Final = 1.0
_JOIN_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


class Feed:
    """Reads a source in a thread of its own until told to stop.

    Args:
        open_source: Connects; called in the thread, again until it succeeds.
        store: Where batches go; it belongs to the thread until the feed is stopped.
        pause: Seconds to wait after an error.
        patience: Seconds that an end is waited for.
    """

    def __init__(
        self,
        open_source: Callable[[], Source],
        store: Store,
        *,
        pause: float = _PAUSE_AFTER_ERROR,
        patience: float = _JOIN_SECONDS,
    ) -> None:
        self._open_source = open_source
        self._store = store
        self._pause = pause
        self._patience = patience
        self._stopping = threading.Event()
        self._questions: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._published_at = 0.0
        self._thread = threading.Thread(target=self._run, name="fraudwatch-feed", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a source that does not return in time is left behind."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(self._patience)

    def ask(self, question: Callable[[Store], T]) -> Future[T]:
        """Have something looked up in the store, by the thread that owns it."""
        answer: Future[T] = Future()

        def look_up() -> None:
            try:
                answer.set_result(question(self._store))
            except Exception as error:
                answer.set_exception(error)

        self._questions.put(look_up)
        return answer

    @property
    def running(self) -> bool:
        """Whether the thread lives."""
        return self._thread.is_alive()

    def _run(self) -> None:
        source: Source | None = None
        while not self._stopping.is_set():
            try:
                source = source or self._open_source()
                batch = source.poll()
                with self._owning_store() as owns:
                    if owns:
                        self._store.apply(batch)
                        self._publish_if_due()
                        self._answer()
            except Exception as error:
                self._survive(error)
        problem.close(source, _log)

    @contextmanager
    def _owning_store(self) -> Iterator[bool]:
        """Whether the store is still this feed's.

        A source may hold a feed up for longer than its end is waited for; by then another feed has
        the store.
        """
        with self._store.writing:
            yield not self._stopping.is_set()

    def _publish_if_due(self) -> None:
        now = time.monotonic()
        if self._store.queries_changed or now - self._published_at >= _PUBLISH_SECONDS:
            self._store.publish()
            self._published_at = now

    def _answer(self) -> None:
        while True:
            try:
                self._questions.get_nowait()()
            except Empty:
                return

    def _survive(self, error: Exception) -> None:
        said = problem.said(error, _log, "the source failed")
        with self._owning_store() as owns:
            if owns:
                self._store.fail(said)
                self._store.publish()
                self._answer()
        self._stopping.wait(self._pause)
