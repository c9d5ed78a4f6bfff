"""Everything that the console needs from outside; tests pass fakes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.messages import Moment
from tui.streams.limits import StreamLimits

if TYPE_CHECKING:
    from pipeline.sources import Source
    from tui.streams.history import HistoryBatch
    from tui.streams.own_history import OwnHistoryBatch
    from tui.streams.sink_topics import SinkTopic, Values
    from tui.streams.source import BatchSource
    from tui.streams.tail_source import Tails
    from tui.streams.user_feed import HistorySource

    from .backend import Backend

OpenSource = Callable[[str, Sequence["SinkTopic[Any]"]], "BatchSource"]
OpenOwnHistory = Callable[
    [str, "Source", Sequence["SinkTopic[Values]"], str, Moment | None],
    "HistorySource[OwnHistoryBatch]",
]


@dataclass(frozen=True, slots=True)
class Profiles:
    """The profiles that this console may switch to; both callables are called in threads.

    Attributes:
        names: Returns the names of all profiles.
        check: Raises a PipelineError when the settings of a profile cannot be used.
    """

    names: Callable[[], Sequence[str]] = tuple
    check: Callable[[str], object] = str


@dataclass(frozen=True, slots=True)
class Environment:
    """Where the stack and its streams come from, and how this console is run.

    Attributes:
        profile: Name of the profile.
        connect: Creates the backend; called in a thread after the first paint.
        open_source: Reads sink topics from Kafka at an address; called in a thread.
        open_tails: Opens and lists topics at the address that a callable returns.
        open_history: Connects to Kafka at an address for one user, at a moment of event time or
            now; called in a thread.
        open_own_history: The same for a user, as text, of another source and the sink topics of
            its features.
        clock: Seconds since the epoch.
        limits: How much of the streams to hold in memory.
        remembered: The file with the preferences; None holds them in memory only.
        folder: The default folder of exports and pictures.
        read_only: Whether nothing outside the console may be changed.
        profiles: The profiles to switch to; None when the console cannot switch.
        built_in: Whether the profile has built-in features, and so a simulator.
        plain_drawing: Whether symbols of ambiguous width are drawn as ASCII.
    """

    profile: str
    connect: Callable[[], Backend]
    open_source: OpenSource
    open_tails: Callable[[Callable[[], str]], Tails]
    open_history: Callable[[str, int, Moment | None], HistorySource[HistoryBatch]]
    open_own_history: OpenOwnHistory
    clock: Callable[[], float] = time.time
    limits: StreamLimits = field(default_factory=StreamLimits)
    remembered: Path | None = None
    folder: Path = field(default_factory=Path.cwd)
    read_only: bool = False
    profiles: Profiles = field(default_factory=Profiles)
    built_in: bool = True
    plain_drawing: bool = False
