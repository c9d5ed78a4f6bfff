"""Closed windows of one kind, newest first: each as a whole, then users that stand out in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.panel_table import PanelTable
from tui.session.view import View
from tui.streams.snapshot import Windows, WindowSummary, WindowUser
from tui.streams.topics import WINDOW_TOPICS
from tui.table.column import Column
from tui.table.query import Query
from tui.widgets.reasons import DELAY, Reason, nothing_matches, why_empty

from .open_window import open_window


@dataclass(frozen=True, slots=True)
class WindowLine:
    """One line: a window as a whole, one of its users, or what is left out.

    Attributes:
        window: Which one.
        user: Who; None for the window as a whole and for what is left out.
        left: How many users are left out; 0 for other lines.
    """

    window: WindowSummary
    user: WindowUser | None = None
    left: int = 0

    @property
    def key(self) -> tuple[datetime, datetime, object]:
        """What tells it from others."""
        return (
            self.window.end,
            self.window.start,
            self.user.user_id if self.user else bool(self.left),
        )


def _lines(windows: Windows) -> tuple[WindowLine, ...]:
    lines: list[WindowLine] = []
    for window in windows.windows:
        lines.append(WindowLine(window))
        lines += [WindowLine(window, user) for user in window.top]
        if left := window.matched - len(window.top):
            lines.append(WindowLine(window, left=left))
    return tuple(lines)


def _window(line: WindowLine, _: float) -> Sequence[Piece]:
    if line.user is not None or line.left:
        return []
    return [Piece(text.window(line.window.start, line.window.end), Tone.STRONG)]


def _who(line: WindowLine, _: float) -> Sequence[Piece]:
    if line.user is not None:
        return [Piece(text.user(line.user.user_id))]
    if line.left:
        return [Piece(f" {text.integer(line.left)} more", Tone.QUIET)]
    more = "+" if line.window.truncated else ""
    return [Piece(f" {text.integer(line.window.users)}{more} users", Tone.STRONG)]


def _number(
    of: Callable[[WindowSummary | WindowUser], str],
) -> Callable[[WindowLine, float], Sequence[Piece]]:
    """A cell with a figure that windows and their users both have."""

    def cell(line: WindowLine, _: float) -> Sequence[Piece]:
        if line.left:
            return []
        if line.user is not None:
            return [Piece(of(line.user))]
        return [Piece(of(line.window), Tone.STRONG)]

    return cell


def _fraud(line: WindowLine, _: float) -> Sequence[Piece]:
    if line.user is not None or line.left:
        return []
    share = line.window.fraud_share
    if share is None:
        return [Piece(text.NOTHING, Tone.QUIET)]
    return [Piece(text.share(share), Tone.DANGER if share else Tone.QUIET)]


_COLUMNS: Final[tuple[Column[WindowLine], ...]] = (
    Column("window", 24, _window, grow=6),
    Column(" user", 20, _who, field="user", letter="U"),
    Column(
        "count",
        7,
        _number(lambda each: text.integer(each.count)),
        right=True,
        field="count",
        letter="C",
    ),
    Column(
        "amount",
        12,
        _number(lambda each: text.money(each.amount)),
        right=True,
        drop=2,
        field="amount",
        letter="A",
    ),
    Column(
        "mean",
        10,
        _number(lambda each: text.money(each.mean)),
        right=True,
        field="mean",
        letter="M",
    ),
    Column("fraud", 6, _fraud, right=True, drop=1),
)


def why_no_windows(view: View) -> Reason:
    """Why there is no closed window."""
    windows = view.data.windows

    def next_window() -> str:
        window = open_window(view)
        return (
            f"The first window closes at {window.end:%Y-%m-%d %H:%M} and {DELAY} of event time."
            if window
            else "No window is open."
        )

    return nothing_matches(windows.query.filter, windows.total, "windows") or why_empty(
        view, WINDOW_TOPICS[windows.kind], next_window
    )


class WindowsTable(PanelTable[WindowLine]):
    """Windows by their end."""

    EXPORTS = True

    def __init__(self) -> None:
        super().__init__(_COLUMNS, lambda line: line.key, query=Query("mean"), id="windows")
        self._windows = Windows()
        self._lines: tuple[WindowLine, ...] = ()

    def show(self, view: View) -> None:
        """Draw another view."""
        if view.data.windows is not self._windows:
            self._windows = view.data.windows
            self._lines = _lines(self._windows)
        self.show_rows(self._lines, view.now, why_no_windows(view))

    def copied(self, row: WindowLine) -> str:
        """The user's id, or the window."""
        if row.user is not None:
            return str(row.user.user_id)
        return text.window(row.window.start, row.window.end)
