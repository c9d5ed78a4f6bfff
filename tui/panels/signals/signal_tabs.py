"""The states of all signals, and what they share: labels and verdicts that came later."""

from __future__ import annotations

from collections.abc import Iterable

from pipeline.labels.known import KnownLabels
from tui.panels.tabs import Tabs
from tui.streams.limits import StreamLimits
from tui.streams.sink_topics import SinkTopic, Values
from tui.streams.source import Batch

from .signal_beside import Comparison, compare
from .signal_drift import NewestInputs
from .signal_state import SignalState


class SignalTabs(Tabs):
    """A state for each signal, of which a query chooses one.

    Args:
        sinks: The signals' topics.
        limits: How much to hold in memory.
    """

    def __init__(self, sinks: Iterable[SinkTopic[Values]], limits: StreamLimits) -> None:
        self._known = KnownLabels(limits.labelled)
        self._signals = {sink.feature: SignalState(sink, limits, self._known) for sink in sinks}
        super().__init__(self._signals)

    def inputs(self, feature: str) -> NewestInputs:
        """Return the newest inputs of a signal."""
        return self._signals[feature].inputs

    def compared(self, first: str, second: str) -> Comparison:
        """Compare what two signals say of the newest records that both have scored."""
        return compare(first, self._signals[first], second, self._signals[second])

    def apply(self, batch: Batch, now: float) -> None:
        changed = self._known.apply(batch.labels, batch.verdicts)
        for state in self._signals.values():
            state.relabel(changed)
        super().apply(batch, now)
