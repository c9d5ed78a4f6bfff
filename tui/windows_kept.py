"""The latest closed windows, with a bounded number of users each."""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from pipeline.model import WindowRow

from .snapshot import WindowSummary, WindowUser

_TOP_USERS: Final = 10


class _Window:
    """One window's rows by user, and its summary once somebody asked for it."""

    __slots__ = ("rows", "summary", "truncated")

    def __init__(self) -> None:
        self.rows: dict[int, WindowRow] = {}
        self.truncated = False
        self.summary: WindowSummary | None = None


class WindowsKept:
    """Windows by end; the oldest goes when there are too many.

    Args:
        limit: Windows to keep.
        users: Users to keep of each.
    """

    def __init__(self, limit: int, users: int) -> None:
        self._limit = limit
        self._users = users
        self._windows: dict[tuple[datetime, datetime], _Window] = {}

    def apply(self, rows: Iterable[WindowRow]) -> None:
        """Take in rows; a row that comes again replaces itself."""
        for row in rows:
            key = (row.window_end, row.window_start)
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = _Window()
            if row.user_id not in window.rows and len(window.rows) >= self._users:
                window.truncated = True
            else:
                window.rows[row.user_id] = row
            window.summary = None
        while len(self._windows) > self._limit:
            del self._windows[min(self._windows)]

    def summaries(self) -> tuple[WindowSummary, ...]:
        """All windows, newest first; only what changed is computed again."""
        found = []
        for key in sorted(self._windows, reverse=True):
            window = self._windows[key]
            if window.summary is None:
                window.summary = _summary(window)
            found.append(window.summary)
        return tuple(found)


def _summary(window: _Window) -> WindowSummary:
    rows = window.rows.values()
    first = next(iter(rows))
    count = sum(row.user_trans_count_last_360min for row in rows)
    amount = sum(
        row.user_mean_trans_amt_last_360min * row.user_trans_count_last_360min for row in rows
    )
    top = heapq.nlargest(_TOP_USERS, rows, key=lambda row: row.user_mean_trans_amt_last_360min)
    return WindowSummary(
        start=first.window_start,
        end=first.window_end,
        users=len(rows),
        mean=amount / count if count else 0.0,
        count=count,
        top=tuple(
            WindowUser(
                start=row.window_start,
                end=row.window_end,
                user_id=row.user_id,
                mean=row.user_mean_trans_amt_last_360min,
                count=row.user_trans_count_last_360min,
            )
            for row in top
        ),
        truncated=window.truncated,
    )
