"""The thread that reads batches from a source into the store, and publishes its snapshots."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from . import problem
from .reading_thread import PAUSE_AFTER_ERROR, ReadingThread

if TYPE_CHECKING:
    from .snapshot import Snapshot
    from .source import BatchSource
    from .store import Store

T = TypeVar("T")

# Each snapshot is drawn: a higher rate costs CPU and shows no more.
_PUBLISH_SECONDS: Final = 0.4

_log = logging.getLogger(__name__)


class Feed(ReadingThread):
    """Reads batches from a source into the store.

    Args:
        open_source: Connects; called in the thread, again until it succeeds.
        store: The store; the thread owns it until the feed is stopped.
        publish: Takes each snapshot, which replaces the one before; called in the thread.
        again: Whether the store has records of an earlier feed, which this one reads once more.
        pause: Seconds to wait after an error.
    """

    FAILED = "the streams cannot be read"

    def __init__(
        self,
        open_source: Callable[[], BatchSource],
        store: Store,
        publish: Callable[[Snapshot], None],
        *,
        again: bool = False,
        pause: float = PAUSE_AFTER_ERROR,
    ) -> None:
        super().__init__("feed", pause=pause)
        self._again = again
        self._open_source = open_source
        self._store = store
        self._publish = publish
        self._source: BatchSource | None = None
        self._questions: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._published_at = 0.0

    def ask(self, question: Callable[[Store], T]) -> Future[T]:
        """Run a query on the store in the thread that owns it, and return the answer."""
        answer: Future[T] = Future()

        def look_up() -> None:
            try:
                answer.set_result(question(self._store))
            except Exception as error:
                answer.set_exception(error)

        self._questions.put(look_up)
        return answer

    def step(self) -> None:
        self._source = self._source or self._open_source()
        batch = self._source.poll()
        if self._again and batch.brought_something:
            # Counted once, and visible until now.
            batch = replace(batch, recreated=True)
            self._again = False
        with self._owning_store() as owns:
            if owns:
                self._store.apply(batch)
                self._publish_if_due()
                self._answer()

    def failed(self, failure: problem.Problem) -> None:
        """Publish the problem; the rows read so far stay."""
        with self._owning_store() as owns:
            if owns:
                self._store.fail(str(failure))
                self._publish(self._store.snapshot())
                self._answer()

    def ended(self) -> None:
        problem.close(self._source, _log)

    @contextmanager
    def _owning_store(self) -> Iterator[bool]:
        """Whether the store is still this feed's.

        A source may block for longer than `stop` waits for the feed; by then, another feed owns
        the store.
        """
        with self._store.writing:
            yield not self._stopping.is_set()

    def _publish_if_due(self) -> None:
        now = time.monotonic()
        if self._store.queries_changed or now - self._published_at >= _PUBLISH_SECONDS:
            self._publish(self._store.snapshot())
            self._published_at = now

    def _answer(self) -> None:
        while True:
            try:
                self._questions.get_nowait()()
            except Empty:
                return
