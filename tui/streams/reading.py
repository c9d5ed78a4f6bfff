"""The thread behind everything that the console reads, whatever happens to its source."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import ClassVar, Final

from . import problem

PAUSE_AFTER_ERROR: Final = 1.0

_log = logging.getLogger(__name__)


class ReadingThread(ABC):
    """Reads step by step until told to stop; outlives whatever a step raises, and tries again.

    What was read is published as frozen values that replace each other, so that any thread may look
    at them.

    Args:
        name: Of the thread.
        pause: Seconds to wait after an error.
    """

    FAILED: ClassVar[str] = "reading failed"
    """What an error that is not the user's to act on is logged as."""

    def __init__(self, name: str, *, pause: float = PAUSE_AFTER_ERROR) -> None:
        self._pause = pause
        self._stopping = threading.Event()
        self._woken = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"fraudwatch-{name}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience: float = 0.0) -> None:
        """Read no more.

        Args:
            patience: Seconds that a step which is under way is waited for; then it is left behind.
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
        """Read once and publish; waits for something to read, but not for long."""

    @abstractmethod
    def failed(self, failure: problem.Problem) -> None:
        """Publish why there is nothing new."""

    def ended(self) -> None:  # noqa: B027 - some have nothing open
        """Let go of what was opened; nothing more is read."""

    def _wake(self) -> None:
        """Have a step that waits go on."""
        self._woken.set()

    def _wait(self, seconds: float) -> None:
        """Wait until something is wanted of the thread, at most so long."""
        self._woken.wait(seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.clear()
            try:
                self.step()
            except Exception as error:
                self.failed(problem.noted(error, _log, self.FAILED))
                self._woken.wait(self._pause)
        self.ended()
