"""The state of a panel that shows one of several features at a time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tui.streams.panel_state import PanelState
from tui.streams.source import Batch
from tui.table.query import Page, Query


class Tabs(PanelState[Page[Any]]):
    """The states of several features, of which a query chooses one.

    Args:
        states: The states by feature; the first one answers for an unknown feature.
    """

    def __init__(self, states: Mapping[str, PanelState[Page[Any]]]) -> None:
        self.states = states

    def apply(self, batch: Batch, now: float) -> None:
        for state in self.states.values():
            state.apply(batch, now)

    def retune(self, feature: str, threshold: float) -> None:
        for state in self.states.values():
            state.retune(feature, threshold)

    def shown(self, query: Query, now: float) -> Page[Any]:
        return self._asked(query).shown(query, now)

    def rows(self, query: Query) -> Iterable[Any]:
        return self._asked(query).rows(query)

    @property
    def buffered(self) -> Mapping[str, int]:
        return {
            feature: rows
            for state in self.states.values()
            for feature, rows in state.buffered.items()
        }

    @property
    def seen(self) -> Mapping[str, int]:
        return {
            feature: rows for state in self.states.values() for feature, rows in state.seen.items()
        }

    def _asked(self, query: Query) -> PanelState[Page[Any]]:
        return self.states.get(query.feature) or next(iter(self.states.values()))
