"""Closed windows, newest first: each as a whole, then the users that stand out in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tui import text
from tui.reasons import why_no_windows
from tui.snapshot import WindowSummary
from tui.tones import Piece, Tone
from tui.view import View

from .column import Column
from .table import LiveTable


@dataclass(frozen=True, slots=True)
class _Line:
    """One line: a window as a whole, one of its users, or what is left out."""

    key: tuple[datetime, datetime, str]
    window: str
    who: str
    mean: str
    count: str
    tone: Tone


def _lines(windows: Sequence[WindowSummary]) -> tuple[_Line, ...]:
    lines: list[_Line] = []
    for window in windows:
        key = (window.end, window.start)
        more = "+" if window.truncated else ""
        lines.append(
            _Line(
                (*key, ""),
                text.window(window.start, window.end),
                f" {text.integer(window.users)}{more} users",
                text.money(window.mean),
                text.integer(window.count),
                Tone.STRONG,
            )
        )
        for user in window.top:
            mean, count = text.money(user.mean), text.integer(user.count)
            who = text.user(user.user_id)
            lines.append(_Line((*key, who), "", who, mean, count, Tone.PLAIN))
        if left := window.users - len(window.top):
            who = f" {text.integer(left)}{more} more with lower means"
            lines.append(_Line((*key, "more"), "", who, "", "", Tone.QUIET))
    return tuple(lines)


_COLUMNS: Final[tuple[Column[_Line], ...]] = (
    Column("window", 24, lambda line, _: [Piece(line.window, line.tone)], grow=6),
    Column(" user", 28, lambda line, _: [Piece(line.who, line.tone)]),
    Column("mean", 11, lambda line, _: [Piece(line.mean, line.tone)], right=True),
    Column("count", 8, lambda line, _: [Piece(line.count, line.tone)], right=True),
)


class WindowsTable(LiveTable[_Line]):
    """Windows by their end."""

    def __init__(self) -> None:
        super().__init__(_COLUMNS, lambda line: line.key, id="windows")
        self._windows: tuple[WindowSummary, ...] = ()
        self._lines: tuple[_Line, ...] = ()

    def show(self, view: View) -> None:
        """Draw another view."""
        if view.data.windows != self._windows:
            self._windows = view.data.windows
            self._lines = _lines(self._windows)
        self.show_rows(self._lines, view.now, why_no_windows(view))
