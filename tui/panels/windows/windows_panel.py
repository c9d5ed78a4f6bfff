"""The panel Windows, declared."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from tui.panels.panel import TablePanel
from tui.streams.sink_topics import WINDOW_SINKS
from tui.table.query import Page

from .window_rows import WINDOW_COLUMNS, WindowSummary, WindowUser

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits

    from .windows_state import WindowsState


def _state(limits: StreamLimits, clock: EventClock) -> WindowsState:
    from .windows_state import WindowsState

    return WindowsState(WINDOWS.sinks, limits.windows, limits.window_rows, clock.fraud)


def _widgets() -> Iterable[Widget]:
    from .next_window import OpenWindowLines
    from .windows_table import WindowsTable

    return OpenWindowLines(), WindowsTable()


def _users(page: Page[WindowSummary]) -> tuple[WindowUser, ...]:
    return tuple(user for window in page.rows for user in window.top)


WINDOWS: Final[TablePanel[WindowSummary]] = TablePanel(
    name="windows",
    title="Windows",
    sinks=WINDOW_SINKS,
    state=_state,
    widgets=_widgets,
    columns=WINDOW_COLUMNS,
    switches=True,
    # The users of each window were selected when it was drawn.
    refines=False,
    exported=_users,
    found=lambda page: sum(window.matched for window in page.rows),
)
