"""The latest closed windows of one kind, in columns, with a bounded number of rows."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.contract import WindowRow
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import SinkTopic
from tui.streams.source import Batch
from tui.table.query import Page, Query, select

from .window_rows import WINDOW_COLUMNS, WindowLine, WindowSummary, WindowUser

TOP_USERS: Final = 10
_DEFAULT_SORT: Final = "mean"

CountFraud = Callable[[datetime, datetime], int | None]


@dataclass(frozen=True, slots=True)
class _Columns:
    """A window's rows, one per user."""

    users: npt.NDArray[np.int64]
    means: npt.NDArray[np.float64]
    counts: npt.NDArray[np.int64]


class _Window:
    """One window's rows in order of arrival, and its last summary."""

    __slots__ = ("counts", "means", "sealed", "summary", "users")

    def __init__(self) -> None:
        self.users = array("q")
        self.means = array("d")
        self.counts = array("q")
        self.summary: tuple[Query, WindowSummary] | None = None
        self.sealed = False

    def add(self, row: WindowRow) -> None:
        self.users.append(row.user_id)
        self.means.append(row.mean)
        self.counts.append(row.count)
        self.summary = None

    def columns(self) -> _Columns:
        """Return the last row of each user, since a job that restarts writes rows again."""
        users = np.frombuffer(self.users, np.int64)
        _, last = np.unique(users[::-1], return_index=True)
        rows = len(users) - 1 - last
        return _Columns(
            users[rows],
            np.frombuffer(self.means, np.float64)[rows],
            np.frombuffer(self.counts, np.int64)[rows],
        )


class WindowsState(PanelState[Page[WindowSummary]]):
    """Closed windows of one kind by end; the oldest are dropped first.

    Args:
        sink: The kind's sink topic.
        limit: Windows to hold.
        rows: Rows to hold; beyond that, the oldest windows keep only totals.
        count_fraud: Returns the flagged transactions between two event times, if known.
    """

    def __init__(
        self, sink: SinkTopic[WindowRow], limit: int, rows: int, count_fraud: CountFraud
    ) -> None:
        self._sink = sink
        self._count_fraud = count_fraud
        self._limit = limit
        self._rows_limit = rows
        self._rows = 0
        self._page: Page[WindowSummary] = Page()
        self._windows: dict[tuple[datetime, datetime], _Window] = {}

    @property
    def buffered(self) -> Mapping[str, int]:
        """The number of windows."""
        return {self._sink.feature: len(self._windows)}

    def apply(self, batch: Batch, _: float) -> None:
        for row in batch.rows(self._sink):
            key = (row.window_end, row.window_start)
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = _Window()
            if not window.sealed:
                window.add(row)
                self._rows += 1
        while len(self._windows) > self._limit:
            self._rows -= len(self._windows.pop(min(self._windows)).users)
        if self._rows > self._rows_limit:
            self._seal()

    def shown(self, query: Query, _: float) -> Page[WindowSummary]:
        """Return the windows, newest first, with the users of a query.

        Only changed windows are recomputed.
        """
        found = []
        for (end, start), window in sorted(self._windows.items(), reverse=True):
            if window.summary is None or (window.summary[0] != query and not window.sealed):
                window.summary = (query, _summary(start, end, window.columns(), query))
            summary = window.summary[1]
            if query.filter and (window.sealed or not summary.matched):
                continue
            fraud = self._count_fraud(start, end)
            if fraud != summary.fraud:
                summary = replace(summary, fraud=fraud)
                window.summary = (window.summary[0], summary)
            found.append(summary)
        page = Page(tuple(found), len(found), len(self._windows), query=query)
        # The same object while nothing changes, so that it is not drawn again.
        if page != self._page:
            self._page = page
        return self._page

    def rows(self, query: Query) -> Iterator[WindowLine]:
        """Yield the users of a query, newest window first, where the window still has its rows."""
        for (end, start), window in sorted(self._windows.items(), reverse=True):
            columns = window.columns()
            everyone = _users(start, end, columns, np.arange(len(columns.users)))
            yield from select(everyone, _with_sort(query), WINDOW_COLUMNS).rows

    def _seal(self) -> None:
        """Drop the rows of the oldest windows, but keep their totals."""
        for (end, start), window in sorted(self._windows.items()):
            if self._rows <= self._rows_limit // 2:
                break
            if window.sealed:
                continue
            query = Query()
            summary = _summary(start, end, window.columns(), query)
            self._rows -= len(window.users)
            window.users, window.means, window.counts = array("q"), array("d"), array("q")
            window.summary = (query, replace(summary, truncated=True))
            window.sealed = True


def _summary(start: datetime, end: datetime, rows: _Columns, query: Query) -> WindowSummary:
    matched, top = _first(start, end, rows, query)
    return WindowSummary(
        start=start,
        end=end,
        users=len(rows.users),
        count=int(rows.counts.sum()),
        amount=float((rows.means * rows.counts).sum()),
        top=top,
        matched=matched,
    )


def _first(
    start: datetime, end: datetime, rows: _Columns, query: Query
) -> tuple[int, tuple[WindowUser, ...]]:
    """Return the number of users of a query, and the first of them."""
    if query.filter:
        everyone = _users(start, end, rows, np.arange(len(rows.users)))
        page: Page[WindowLine] = select(everyone, _with_sort(query), WINDOW_COLUMNS, TOP_USERS)
        return page.matched, tuple(row for row in page.rows if isinstance(row, WindowUser))
    keys: dict[str, npt.NDArray[Any]] = {
        "user": rows.users,
        "count": rows.counts,
        "amount": rows.means * rows.counts,
    }
    order = np.argsort(keys.get(query.sort, rows.means), kind="stable")
    order = order[::-1][:TOP_USERS] if query.descending else order[:TOP_USERS]
    return len(rows.users), tuple(_users(start, end, rows, order))


def _with_sort(query: Query) -> Query:
    return query if query.sort else replace(query, sort=_DEFAULT_SORT)


def _users(
    start: datetime, end: datetime, rows: _Columns, chosen: npt.NDArray[np.intp]
) -> Iterable[WindowUser]:
    columns = (column[chosen].tolist() for column in (rows.users, rows.means, rows.counts))
    for user, mean, count in zip(*columns, strict=True):
        yield WindowUser(start, end, user, mean, count)
