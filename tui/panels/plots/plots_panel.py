"""Declaration of the panel Plots: its topics, state and widgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tui.panels.panel import Panel
from tui.streams.sink_topics import FLAGGED, ROLLING, is_rolling

from .series_snapshot import SeriesSnapshot

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits
    from tui.streams.panel_state import Own

    from .series import PlottedStreams


def _state(_: StreamLimits, __: EventClock, own: Own) -> PlottedStreams:
    from .series import PlottedStreams

    return PlottedStreams(own)


def _widgets() -> Iterable[Widget]:
    from .dashboard_plots import Plots, every_plot

    return (Plots(*every_plot(), id=PLOTS.name),)


PLOTS: Final[Panel[SeriesSnapshot]] = Panel(
    name="plots",
    title="Plots",
    key="5",
    sinks=(ROLLING, FLAGGED),
    adopts=is_rolling,
    nothing=SeriesSnapshot(),
    state=_state,
    widgets=_widgets,
)
