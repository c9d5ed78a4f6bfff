"""Asks, again and again, how far the inputs of a signal have drifted."""

from __future__ import annotations

from typing import Final

from tui.panels.signals.signal_drift import Drift, NewestInputs
from tui.panels.signals.signal_tabs import SignalTabs
from tui.panels.signals.signals_panel import SIGNALS
from tui.session.session import Session
from tui.streams.store import Store
from tui.streams.watch import Watch

_SECONDS: Final = 3.0
_ANSWER_SECONDS: Final = 10.0


class Drifting(Watch[Drift]):
    """Compares the newest rows of a signal every few seconds.

    Args:
        session: The session with the signal.
        signal: The signal.
    """

    def __init__(self, session: Session, signal: str) -> None:
        super().__init__(self._compare, _SECONDS, session.clock, name="drift")
        self._session = session
        self._signal = signal
        self._hour_wanted = False
        self.refused = False
        """Whether the last hour has too few rows to compare with."""

    def choose_hour(self) -> None:
        """Compare with the last hour of event time from now on."""
        self._hour_wanted = True
        self.now()

    def _compare(self) -> Drift:
        trained = self._session.signals.spreads(self._signal)

        def look(store: Store) -> Drift:
            inputs = _inputs(store, self._signal)
            if self._hour_wanted:
                self._hour_wanted = False
                self.refused = not inputs.choose_hour()
            return inputs.drift(trained)

        return self._session.look_up(look).result(_ANSWER_SECONDS)


def _inputs(store: Store, signal: str) -> NewestInputs:
    tabs = store.state(SIGNALS)
    assert isinstance(tabs, SignalTabs)
    return tabs.inputs(signal)
