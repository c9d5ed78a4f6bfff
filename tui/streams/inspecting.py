"""A thread that looks at a topic once, as `fraudwatch inspect` does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pipeline.errors import PipelineError

from .problem import Problem
from .reading_thread import ReadingThread
from .tail_source import Tails

# The thread is woken to look again.
_WAIT_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Inspected:
    """How far a look at a topic has come.

    Attributes:
        read: Records that have been read.
        declaration: The declaration of a source that fits them; empty until it is known.
        problem: Why there is none; None while there may be one.
    """

    read: int = 0
    declaration: str = ""
    problem: Problem | None = None


class Inspecting(ReadingThread):
    """Looks at a topic, once for each call of `again`.

    Args:
        tails: Reads the topic.
        topic: Its name in Kafka.
    """

    FAILED = "inspecting failed"

    def __init__(self, tails: Tails, topic: str) -> None:
        super().__init__("inspecting")
        self._tails = tails
        self._topic = topic
        self._last = Inspected()

    @property
    def last(self) -> Inspected:
        return self._last

    def again(self) -> None:
        """Look again, unless a look has not ended yet."""
        if self._ended:
            self._last = Inspected()
            self._wake()

    def step(self) -> None:
        if self._ended:
            self._wait(_WAIT_SECONDS)
            return
        declaration = self._tails.inspect(self._topic, self._report)
        self._last = Inspected(self._last.read, declaration)

    def failed(self, failure: Problem) -> None:
        self._last = Inspected(problem=failure)

    @property
    def _ended(self) -> bool:
        return bool(self._last.declaration or self._last.problem)

    def _report(self, read: int) -> None:
        if self._stopping.is_set():
            raise PipelineError(f"{self._topic} is no longer looked at.")
        self._last = Inspected(read)
