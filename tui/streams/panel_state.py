"""The interface between the store and the panels."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tui.table.query import Query

from .event_clock import EventClock
from .limits import StreamLimits
from .sink_topics import SinkTopic, Values
from .source import Batch

if TYPE_CHECKING:  # keeps the sources out of the console's first paint
    from pipeline.sources import Source

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

    def retune(self, feature: str, threshold: float) -> None:
        """Take another threshold of a signal; a panel without signals has nothing to do."""
        return

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


OwnSinks = Sequence[SinkTopic[Values]]


@dataclass(frozen=True, slots=True)
class Own:
    """What the user has declared, as far as it concerns a panel.

    Attributes:
        sinks: The sink topics of the features that the panel adopts.
        sources: The sources that features read, except the tutorial's.
        built_in: Whether there are built-in features beside them.
        reads_transactions: Whether any feature reads the tutorial's stream.
    """

    sinks: OwnSinks = ()
    sources: Sequence[Source] = ()
    built_in: bool = True
    reads_transactions: bool = True

    def beside(
        self, built_in: Mapping[str, PanelState[ShownT]], own: Mapping[str, PanelState[ShownT]]
    ) -> Mapping[str, PanelState[ShownT]]:
        """Return the states of a panel's features, of which there is always one to ask."""
        return {**built_in, **own} if self.built_in or not own else own


MakeState = Callable[[StreamLimits, EventClock, Own], PanelState[ShownT_co]]


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

    @property
    def sinks(self) -> Sequence[SinkTopic[Any]]:
        """The sink topics of built-in features that it reads."""

    @property
    def adopts(self) -> Callable[[SinkTopic[Values]], bool]:
        """Whether it reads the sink topic of a user's own feature, too."""


def sinks_of(
    panels: Iterable[StoredPanel[Any]], own: OwnSinks = (), *, built_in: bool = True
) -> tuple[SinkTopic[Any], ...]:
    """Return the distinct sink topics that panels read.

    Args:
        panels: The panels.
        own: The sink topics of the user's own features.
        built_in: Whether there are those of built-in features, too.
    """
    read = [
        sink
        for panel in panels
        for sink in (*(panel.sinks if built_in else ()), *filter(panel.adopts, own))
    ]
    return tuple(dict.fromkeys(read))
