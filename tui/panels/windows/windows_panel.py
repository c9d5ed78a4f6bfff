"""The panel Windows, declared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from tui.panels.panel import TablePanel
from tui.streams.sink_topics import WINDOW_SINKS
from tui.table.query import Page

from .own_window_rows import OwnWindow, OwnWindowRow, has_windows
from .window_rows import WINDOW_COLUMNS, WindowSummary, WindowUser

if TYPE_CHECKING:
    from textual.widget import Widget

    from tui.panels.tabs import Tabs
    from tui.streams.event_clock import EventClock
    from tui.streams.limits import StreamLimits
    from tui.streams.panel_state import Own


def _state(limits: StreamLimits, clock: EventClock, own: Own) -> Tabs:
    from tui.panels.tabs import Tabs

    from .own_windows_state import OwnWindows
    from .windows_state import WindowsState

    built_in = {
        sink.feature: WindowsState(sink, limits.windows, limits.window_rows, clock.fraud)
        for sink in WINDOW_SINKS
    }
    more = {sink.feature: OwnWindows(sink, limits.windows, limits.own_rows) for sink in own.sinks}
    return Tabs(own.beside(built_in, more))


def _widgets() -> Iterable[Widget]:
    from .next_window import OpenWindowLines
    from .windows_table import WindowsTable

    return OpenWindowLines(), WindowsTable()


def _rows(page: Page[Any]) -> tuple[WindowUser | OwnWindowRow, ...]:
    windows: Sequence[WindowSummary | OwnWindow] = page.rows
    return tuple(
        row
        for window in windows
        for row in (window.top if isinstance(window, WindowSummary) else window.rows)
    )


WINDOWS: Final[TablePanel[Any]] = TablePanel(
    name="windows",
    title="Windows",
    key="3",
    sinks=WINDOW_SINKS,
    tabs=WINDOW_SINKS,
    adopts=has_windows,
    state=_state,
    widgets=_widgets,
    columns=WINDOW_COLUMNS,
    # The rows of each window were selected when it was drawn.
    refines=False,
    exported=_rows,
    found=lambda page: sum(window.matched for window in page.rows),
)
