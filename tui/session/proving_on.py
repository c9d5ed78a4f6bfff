"""Keeps the proofs that run on going, in a thread that waits for another process."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from pipeline.errors import PipelineError

_AGAIN_SECONDS: Final = 30.0
_log = logging.getLogger(__name__)


class ProvingOn:
    """Proves jobs as they run; safe in any thread.

    Args:
        prove: Blocks as long as they are proved, and raises the errors of its argument, which is
            called every few seconds; returns if they are not to be proved.
    """

    def __init__(self, prove: Callable[[Callable[[str], None]], None]) -> None:
        self._prove = prove
        self._ended = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, if it has not begun yet."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="fraudwatch-prove-on", daemon=True
                )
                self._thread.start()

    def stop(self) -> None:
        """End it, at its next word."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            try:
                self._prove(self._heard)
                return
            except _EndedError:
                return
            except PipelineError as error:
                # As while Kafka is down, which the console shows by other means.
                _log.info("jobs are not proved as they run", exc_info=error)
            self._ended.wait(_AGAIN_SECONDS)

    def _heard(self, _: str) -> None:
        if self._ended.is_set():
            raise _EndedError


class _EndedError(Exception):
    """The session is closing."""
