"""Compares two signals every few seconds, and reads how the signals came to stand as they do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tui.panels.signals.signal_beside import Comparison
from tui.panels.signals.signal_tabs import SignalTabs
from tui.panels.signals.signals_panel import SIGNALS
from tui.session.session import Session
from tui.streams.store import Store
from tui.streams.watch import Watch

if TYPE_CHECKING:
    from pipeline.signals.standing import Standing

_SECONDS: Final = 2.0
_ANSWER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Compared:
    """What is known of two signals.

    Attributes:
        comparison: What they say of the same records.
        standing: Which signal is live, and the history of that.
    """

    comparison: Comparison
    standing: Standing


class Comparing(Watch[Compared]):
    """Compares two signals again and again.

    Args:
        session: The session with the signals.
        first: The first signal.
        second: The second one.
    """

    def __init__(self, session: Session, first: str, second: str) -> None:
        super().__init__(self._compare, _SECONDS, session.clock, name="beside")
        self._session = session
        self._names = first, second

    def _compare(self) -> Compared:
        standing = self._session.signals.standing()

        def look(store: Store) -> Comparison:
            tabs = store.state(SIGNALS)
            assert isinstance(tabs, SignalTabs)
            return tabs.compared(*self._names)

        return Compared(self._session.look_up(look).result(_ANSWER_SECONDS), standing)
