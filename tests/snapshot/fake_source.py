"""A source of streams that a test fills."""

from __future__ import annotations

import threading
from collections import deque

from tui.streams.source import Batch


class FakeSource:
    """Returns its batches, then empty ones; an exception among them is raised."""

    def __init__(self, *batches: Batch | Exception, error: str = "") -> None:
        self.batches = deque(batches)
        self.error = error
        self.polls = 0
        self.closed = False

    def poll(self) -> Batch:
        self.polls += 1
        if not self.batches:
            threading.Event().wait(0.005)
            return Batch(error=self.error)
        batch = self.batches.popleft()
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self) -> None:
        self.closed = True
