"""Commands to the simulator, run in order in a separate thread."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from pipeline.model import SimulatorCommand, SimulatorStatus
from tui.streams.problem import Problem

from .view import Notice, Severity

if TYPE_CHECKING:
    from .backend import Backend

_log = logging.getLogger(__name__)


def _outcome(command: SimulatorCommand) -> str:
    """Return the message once a command is done; empty when the effect is visible anyway."""
    if command.running is not None:
        return "The simulator is running." if command.running else "The simulator is off."
    return "A fraud episode has started." if command.inject_fraud else ""


class SimulatorControl:
    """Passes commands to the backend, one after the other; safe in any thread.

    Args:
        backend: Returns the backend; called when a command is run.
        notify: Called with notices to show.
        changed: Called with the new status after a command.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        notify: Callable[[Notice], None],
        changed: Callable[[SimulatorStatus], None],
    ) -> None:
        self._backend = backend
        self._notify = notify
        self._changed = changed
        self._lock = threading.Lock()
        self._commands: deque[SimulatorCommand] = deque()
        self._busy = False

    def give(self, command: SimulatorCommand) -> None:
        """Queue a command behind earlier ones; returns at once."""
        with self._lock:
            self._commands.append(command)
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._carry_out, name="fraudwatch-simulate", daemon=True).start()

    def _carry_out(self) -> None:
        """Run commands in order until none are left; only one thread does so at a time."""
        while True:
            with self._lock:
                if not self._commands:
                    self._busy = False
                    return
                command = self._commands.popleft()
            try:
                status = self._backend().simulate(command)
            except Exception as error:
                _log.warning("the simulator refused %s", command, exc_info=error)
                self._notify(Notice(f"Simulator: {Problem.of(error)}", Severity.ERROR))
            else:
                self._changed(status)
                if done := _outcome(command):
                    self._notify(Notice(done))
