"""What the store asks of a panel; it knows no panel itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from tui.table.query import Query

from .event_clock import EventClock
from .limits import StreamLimits
from .sink_topics import SinkTopic
from .source import Batch

ShownT = TypeVar("ShownT")
ShownT_co = TypeVar("ShownT_co", covariant=True)


class PanelState(Protocol[ShownT_co]):
    """The bounded state behind a panel; only the thread that owns the store touches it."""

    def apply(self, batch: Batch, now: float) -> None:
        """Take in a batch; rows that were taken in before change nothing."""

    def shown(self, query: Query, now: float) -> ShownT_co:
        """What the panel draws, frozen; the same object as long as it says the same."""

    def rows(self, query: Query) -> Iterable[Any]:
        """All rows that a query finds, for an export."""

    @property
    def kept(self) -> Mapping[str, int]:
        """How many rows there are, by feature."""

    @property
    def seen(self) -> Mapping[str, int]:
        """How many rows there ever were, each once, by feature; only of those that count them."""


MakeState = Callable[[StreamLimits, EventClock], PanelState[ShownT_co]]


class StoredPanel(Protocol[ShownT_co]):
    """A panel as the store sees it."""

    @property
    def name(self) -> str: ...

    @property
    def sinks(self) -> Sequence[SinkTopic[Any]]:
        """The sink topics that it reads."""

    @property
    def nothing(self) -> ShownT_co:
        """What it draws before anything was read."""

    @property
    def state(self) -> MakeState[ShownT_co]:
        """Makes its state, empty; imports what that takes, since the first paint cannot wait."""
