"""Tasks that block, run one after the other in a thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable


class InOrder:
    """Runs tasks in the order in which they were given; safe in any thread.

    Args:
        name: Of the thread, which lives as long as there are tasks.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._tasks: deque[Callable[[], None]] = deque()
        self._busy = False

    def give(self, task: Callable[[], None]) -> None:
        """Queue a task, which raises nothing, behind earlier ones; returns at once."""
        with self._lock:
            self._tasks.append(task)
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._carry_out, name=self._name, daemon=True).start()

    def _carry_out(self) -> None:
        """Run tasks until none are left; only one thread does so at a time."""
        while True:
            with self._lock:
                if not self._tasks:
                    self._busy = False
                    return
                task = self._tasks.popleft()
            task()
