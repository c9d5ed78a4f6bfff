"""Declaration of the panel Flagged: its topics, columns, state and widgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from tui.panels.panel import TablePanel
from tui.streams.sink_topics import FLAGGED, ROLLING, picks_records

from .flagged_row import FLAGGED_COLUMNS

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.panels.tabs import Tabs
    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits
    from tui.streams.panel_state import Own


def _state(limits: StreamLimits, _: EventClock, own: Own) -> Tabs:
    from tui.panels.tabs import Tabs

    from .flagged_state import FlaggedState
    from .picked_rows import PickedRows

    built_in = {FLAGGED.feature: FlaggedState(limits.flagged, limits.users, limits.shown)}
    more = {
        sink.feature: PickedRows(sink, limits.flagged, limits.users, limits.shown)
        for sink in own.sinks
    }
    return Tabs(own.beside(built_in, more))


def _widgets() -> Iterable[Widget]:
    from textual.containers import Container

    from tui.widgets.record_pane import RecordPane

    from .flagged_table import FlaggedTable

    return (Container(FlaggedTable(), RecordPane(id="flagged-record"), id="flagged-body"),)


FLAGGED_PANEL: Final[TablePanel[Any]] = TablePanel(
    name="flagged",
    title="Flagged",
    key="4",
    sinks=(FLAGGED, ROLLING),
    tabs=(FLAGGED,),
    adopts=picks_records,
    state=_state,
    widgets=_widgets,
    columns=FLAGGED_COLUMNS,
)
