"""Declaration of the panel Flagged: its topics, columns, state and widgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tui.panels.panel import TablePanel
from tui.streams.sink_topics import FLAGGED, ROLLING

from .flagged_row import FLAGGED_COLUMNS, Flagged

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits
    from tui.streams.panel_state import OwnSinks

    from .flagged_state import FlaggedState


def _state(limits: StreamLimits, _: EventClock, __: OwnSinks) -> FlaggedState:
    from .flagged_state import FlaggedState

    return FlaggedState(limits.flagged, limits.users, limits.shown)


def _widgets() -> Iterable[Widget]:
    from textual.containers import Container

    from tui.widgets.record_pane import RecordPane

    from .flagged_table import FlaggedTable

    return (Container(FlaggedTable(), RecordPane(id="flagged-record"), id="flagged-body"),)


FLAGGED_PANEL: Final[TablePanel[Flagged]] = TablePanel(
    name="flagged",
    title="Flagged",
    sinks=(FLAGGED, ROLLING),
    tabs=(FLAGGED,),
    state=_state,
    widgets=_widgets,
    columns=FLAGGED_COLUMNS,
)
