"""The topics that there are, looked up in a thread while somebody chooses one."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from typing import Final

from . import problem
from .tail_source import Tails, TopicSize

_LOOK_SECONDS: Final = 2.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TopicsSeen:
    """The topics as last seen; None before the first look. `error` says why there is no newer."""

    topics: tuple[TopicSize, ...] | None = None
    error: str = ""


class TopicList:
    """Looks every two seconds until told to stop.

    Args:
        tails: Knows the topics.
    """

    def __init__(self, tails: Tails) -> None:
        self._tails = tails
        self._seen = TopicsSeen()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fraudwatch-topics", daemon=True)

    @property
    def seen(self) -> TopicsSeen:
        """The topics as last seen."""
        return self._seen

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Have the thread end by itself; waits for nothing."""
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._seen = TopicsSeen(tuple(self._tails.topics()))
            except Exception as error:
                said = problem.said(error, _log, "the topics cannot be listed")
                self._seen = replace(self._seen, error=said)
            self._stopping.wait(_LOOK_SECONDS)
