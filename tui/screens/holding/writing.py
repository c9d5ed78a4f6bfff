"""Writes a test in a thread, which can be told to end."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tui.streams.problem import Problem

if TYPE_CHECKING:
    from pipeline.model.held_tests import WrittenTest

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it has come.

    Attributes:
        doing: What is being done.
        written: The test, once it is written.
        problem: Why it is not written.
    """

    doing: str = "starting"
    written: WrittenTest | None = None
    problem: Problem | None = None

    @property
    def busy(self) -> bool:
        return self.written is None and self.problem is None


class Writing:
    """Writes one test.

    Args:
        write: Blocks until it is written; raises the errors of its argument, which is called with
            what is being done.
    """

    def __init__(self, write: Callable[[Callable[[str], None]], WrittenTest]) -> None:
        self._write = write
        self._ended = threading.Event()
        self.progress = Progress()
        """Replaced as a whole, so that any thread may read it."""

    def start(self) -> None:
        """Begin; the thread ends soon after `stop`."""
        threading.Thread(target=self._run, name="fraudwatch-hold", daemon=True).start()

    def stop(self) -> None:
        """End it, at its next word."""
        self._ended.set()

    def _run(self) -> None:
        try:
            self.progress = Progress(written=self._write(self._report))
        except _StoppedError:
            pass
        except Exception as error:
            _log.warning("a test is not written", exc_info=error)
            self.progress = Progress(problem=Problem.of(error))

    def _report(self, text: str) -> None:
        if self._ended.is_set():
            raise _StoppedError
        self.progress = Progress(text)


class _StoppedError(Exception):
    """Nobody waits for the test any more."""
