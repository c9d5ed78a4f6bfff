"""The interface between the store and the panels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from tui.table.query import Query

from .event_clock import EventClock
from .limits import StreamLimits
from .source import Batch

ShownT = TypeVar("ShownT")
ShownT_co = TypeVar("ShownT_co", covariant=True)


class PanelState(ABC, Generic[ShownT_co]):
    """The bounded state behind a panel; only the thread that owns the store may access it."""

    @abstractmethod
    def apply(self, batch: Batch, now: float) -> None:
        """Add a batch; duplicate rows change nothing."""

    @abstractmethod
    def shown(self, query: Query, now: float) -> ShownT_co:
        """Return what the panel draws, frozen; the same object while nothing changes."""

    def rows(self, query: Query) -> Iterable[Any]:
        """Return all rows of a query, for an export; a panel without a table has none."""
        return ()

    @property
    def buffered(self) -> Mapping[str, int]:
        """The number of rows in memory, by feature."""
        return {}

    @property
    def seen(self) -> Mapping[str, int]:
        """The number of distinct rows read, by feature; only for features that count them."""
        return {}


MakeState = Callable[[StreamLimits, EventClock], PanelState[ShownT_co]]


class StoredPanel(Protocol[ShownT_co]):
    """A panel as the store sees it."""

    @property
    def name(self) -> str: ...

    @property
    def nothing(self) -> ShownT_co:
        """What it draws before anything has been read."""

    @property
    def state(self) -> MakeState[ShownT_co]:
        """Creates its empty state; imports what that needs, to keep the first paint fast."""
