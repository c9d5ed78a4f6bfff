"""The base class of all reading threads, which survive every error of their source."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import ClassVar, Final

from . import problem

PAUSE_AFTER_ERROR: Final = 1.0

_log = logging.getLogger(__name__)


class ReadingThread(ABC):
    """Reads step by step until stopped; after any error, it tries again.

    Results are published as frozen values that replace each other, so that any thread may read
    them.

    Args:
        name: The thread's name.
        pause: Seconds to wait after an error.
    """

    FAILED: ClassVar[str] = "reading failed"
    """The log message for an error that the user cannot act on."""

    def __init__(self, name: str, *, pause: float = PAUSE_AFTER_ERROR) -> None:
        self._pause = pause
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"fraudwatch-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience: float = 0.0) -> None:
        """Stop reading.

        Args:
            patience: Seconds to wait for the current step; then the thread is abandoned.
        """
        self._stopping.set()
        self._woken.set()
        if patience and self._thread.is_alive():
            self._thread.join(patience)

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    @abstractmethod
    def step(self) -> None:
        """Read once and publish; may wait briefly for something to read."""

    @abstractmethod
    def failed(self, failure: problem.Problem) -> None:
        """Publish a problem; the results so far stay."""

    def ended(self) -> None:  # noqa: B027 - some have nothing open
        """Close whatever was opened; called once, after the last step."""

    def _wake(self) -> None:
        self._woken.set()

    def _wait(self, seconds: float) -> None:
        """Wait until woken or stopped, at most `seconds`."""
        self._woken.wait(seconds)

    def _run(self) -> None:
        while True:
            # Cleared before the look: a stop in between would be slept through.
            self._woken.clear()
            if self._stopping.is_set():
                break
            try:
                self.step()
            except Exception as error:
                self.failed(problem.noted(error, _log, self.FAILED))
                self._woken.wait(self._pause)
        self.ended()
