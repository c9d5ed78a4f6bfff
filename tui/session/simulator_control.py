"""Commands to the simulator, run in order in a separate thread."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from pipeline.model.simulator import SimulatorCommand, SimulatorStatus
from tui.streams.problem import Problem

from .in_order import InOrder
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
        self._commands = InOrder("fraudwatch-simulate")

    def give(self, command: SimulatorCommand) -> None:
        """Queue a command behind earlier ones; returns at once."""
        self._commands.give(partial(self._carry_out, command))

    def _carry_out(self, command: SimulatorCommand) -> None:
        try:
            status = self._backend().simulate(command)
        except Exception as error:
            _log.warning("the simulator refused %s", command, exc_info=error)
            self._notify(Notice(f"Simulator: {Problem.of(error)}", Severity.ERROR))
        else:
            self._changed(status)
            if done := _outcome(command):
                self._notify(Notice(done))
