"""Declaration of the panel Users: its topics, columns, state and widgets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tui.panels.panel import TablePanel
from tui.streams.sink_topics import FLAGGED, ROLLING

from .user_row import USER_COLUMNS, UserRow

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits

    from .users_state import UsersState


def _state(limits: StreamLimits, _: EventClock) -> UsersState:
    from .users_state import UsersState

    return UsersState(limits.users, limits.shown)


def _widgets() -> Iterable[Widget]:
    from .users_table import UsersTable

    return (UsersTable(),)


USERS: Final[TablePanel[UserRow]] = TablePanel(
    name="users",
    title="Users",
    sinks=(ROLLING, FLAGGED),
    state=_state,
    widgets=_widgets,
    columns=USER_COLUMNS,
)
