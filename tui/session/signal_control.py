"""Signals: their thresholds, which one is live, and verdicts on their alerts."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TYPE_CHECKING

from tui.streams.problem import Problem

from .in_order import InOrder
from .view import Notice, Severity

if TYPE_CHECKING:
    from pipeline.labels.verdict import Decision, Subject
    from pipeline.signals.standing import Standing
    from pipeline.signals.trees import Spread
    from tui.streams.store import Store

    from .backend import Backend

_log = logging.getLogger(__name__)


class SignalControl:
    """Passes commands to the backend, and what they change to the store; safe in any thread.

    What returns nothing is carried out in a thread, and a notice says how it ended.

    Args:
        backend: Returns the backend; called when a command is carried out.
        change_store: Changes what is read, in the thread that reads it.
        notify: Called with notices to show.
    """

    def __init__(
        self,
        backend: Callable[[], Backend],
        change_store: Callable[[Callable[[Store], None]], Future[None]],
        notify: Callable[[Notice], None],
    ) -> None:
        self._backend = backend
        self._change_store = change_store
        self._notify = notify
        self._verdicts = InOrder("fraudwatch-verdict")
        self._live = InOrder("fraudwatch-live")

    def spreads(self, signal: str) -> Mapping[str, Spread]:
        """Return how the inputs of a signal were spread in its training; blocks."""
        return self._backend().spreads(signal)

    def standing(self) -> Standing:
        """Return which signal is live, and the history of that; blocks."""
        return self._backend().standing()

    @property
    def analyst(self) -> str:
        """The name by which verdicts are signed."""
        return self._backend().analyst

    def set_threshold(self, signal: str, threshold: float) -> None:
        """Give a signal another threshold."""

        def give() -> None:
            try:
                self._backend().set_threshold(signal, threshold)
                self._change_store(lambda store: store.retune(signal, threshold))
            except Exception as error:
                _log.warning("%s does not get the threshold %g", signal, threshold, exc_info=error)
                self._notify(Notice(f"{signal}: {Problem.of(error)}", Severity.ERROR))
            else:
                self._notify(Notice(f"{signal} alerts from {threshold:g} now."))

        threading.Thread(target=give, name="fraudwatch-threshold", daemon=True).start()

    def promote(self, signal: str) -> None:
        """Make a signal the live one."""
        self._change_live(lambda: self._backend().promote(signal))

    def roll_back(self) -> None:
        """Make live again what was live before."""
        self._change_live(lambda: self._backend().roll_back())

    def judge(self, subject: Subject, decision: Decision, note: str = "") -> None:
        """Send a verdict behind earlier ones; it comes back with the streams."""

        def send() -> None:
            try:
                self._backend().judge(subject, decision, note)
            except Exception as error:
                _log.warning("a verdict on %s is not recorded", subject.signal, exc_info=error)
                said = f"The verdict ({decision}) is not recorded: {Problem.of(error)}"
                self._notify(Notice(said, Severity.ERROR))

        self._verdicts.give(send)

    def _change_live(self, change: Callable[[], Standing]) -> None:
        def run() -> None:
            try:
                live = change().live
                self._change_store(lambda store: store.make_live(live))
            except Exception as error:
                _log.warning("the live signal stays", exc_info=error)
                self._notify(Notice(str(Problem.of(error)), Severity.ERROR))
            else:
                self._notify(Notice(f"{live} is the live signal now."))

        self._live.give(run)
