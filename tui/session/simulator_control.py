"""Steering the simulator from the console: orders in their order, in a thread of their own."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from pipeline.model import SimulatorStatus
from tui.streams.problem import Problem

from .view import Notice, Severity

if TYPE_CHECKING:
    from .backend import Backend

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SimulatorOrder:
    """What to change of the simulator; what is None stays as it is.

    Attributes:
        running: Start it or stop it.
        rate: Transactions per second.
        speed: Seconds of event time per second of real time.
        paused: Hold it, or let it go on.
        inject_fraud: Have an episode of fraud begin.
    """

    running: bool | None = None
    rate: float | None = None
    speed: float | None = None
    paused: bool | None = None
    inject_fraud: bool = False

    @property
    def done(self) -> str:
        """What to say when it is carried out; empty for what can be seen anyway."""
        if self.running is not None:
            return "The simulator runs." if self.running else "The simulator is off."
        return "A fraud episode begins." if self.inject_fraud else ""


class SimulatorControl:
    """Gives orders to the backend, one after the other; safe to use from several threads.

    Args:
        backend: Gives the backend; called when an order is carried out.
        tell: Told what to show in passing.
        changed: Told the new status after an order.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        tell: Callable[[Notice], None],
        changed: Callable[[SimulatorStatus], None],
    ) -> None:
        self._backend = backend
        self._tell = tell
        self._changed = changed
        self._lock = threading.Lock()
        self._orders: deque[SimulatorOrder] = deque()
        self._busy = False

    def give(self, order: SimulatorOrder) -> None:
        """Have an order carried out after those given before; returns at once."""
        with self._lock:
            self._orders.append(order)
            if self._busy:
                return
            self._busy = True
        threading.Thread(target=self._carry_out, name="fraudwatch-simulate", daemon=True).start()

    def _carry_out(self) -> None:
        """Ends when there are no orders left, so that they never overtake each other."""
        from pipeline.stack.local.control import Simulate

        while True:
            with self._lock:
                if not self._orders:
                    self._busy = False
                    return
                order = self._orders.popleft()
            try:
                status = self._backend().simulate(Simulate(**asdict(order)))
            except Exception as error:
                _log.warning("the simulator does not do %s", order, exc_info=error)
                self._tell(Notice(f"Simulator: {Problem.of(error)}", Severity.ERROR))
            else:
                self._changed(status)
                if order.done:
                    self._tell(Notice(order.done))
