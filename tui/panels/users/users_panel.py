"""Declaration of the panel Users: its topics, columns, state and widgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from tui.panels.panel import TablePanel
from tui.streams.sink_topics import FLAGGED, ROLLING, is_rolling

from .user_row import USER_COLUMNS

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.panels.tabs import Tabs
    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits
    from tui.streams.panel_state import Own


def _state(limits: StreamLimits, _: EventClock, own: Own) -> Tabs:
    from tui.panels.tabs import Tabs

    from .latest_rows_state import LatestRows
    from .users_state import UsersState

    built_in = {ROLLING.feature: UsersState(limits.users, limits.shown)}
    more = {sink.feature: LatestRows(sink, limits.own_rows, limits.shown) for sink in own.sinks}
    return Tabs(own.beside(built_in, more))


def _widgets() -> Iterable[Widget]:
    from .users_table import UsersTable

    return (UsersTable(),)


USERS: Final[TablePanel[Any]] = TablePanel(
    name="users",
    title="Users",
    key="2",
    sinks=(ROLLING, FLAGGED),
    tabs=(ROLLING,),
    adopts=is_rolling,
    state=_state,
    widgets=_widgets,
    columns=USER_COLUMNS,
)
