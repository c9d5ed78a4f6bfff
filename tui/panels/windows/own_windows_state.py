"""The latest closed windows of a user's own feature, with a bounded number of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from tui.panels.feature_columns import FeatureColumns
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import SinkTopic, Values
from tui.streams.source import Batch
from tui.table.column import Columns
from tui.table.query import Page, Query, select

from .own_window_rows import OwnWindow, OwnWindowRow, own_columns
from .windows_state import TOP_USERS


class _OwnWindowRows:
    """A window's rows by key, and its last answer."""

    __slots__ = ("answer", "rows")

    def __init__(self) -> None:
        self.rows: dict[Values, Values] = {}
        self.answer: tuple[Query, OwnWindow] | None = None


class OwnWindows(PanelState[Page[OwnWindow]]):
    """Closed windows by end; the oldest are dropped first.

    Args:
        sink: The feature's sink topic.
        limit: Windows to hold.
        rows: Rows of all windows to hold.
    """

    def __init__(self, sink: SinkTopic[Values], limit: int, rows: int) -> None:
        self._sink = sink
        self._limit = limit
        self._rows_limit = rows
        self._rows = 0
        names = [column.name for column in sink.columns]
        self._end = names.index("window_end")
        self._start = names.index("window_start") if "window_start" in names else None
        self._keys = tuple(
            place
            for place, column in enumerate(sink.columns)
            if not column.computed and place not in (self._start, self._end)
        )
        self._order = next((column.name for column in sink.columns if column.computed), "")
        self._windows: dict[tuple[datetime, datetime | None], _OwnWindowRows] = {}
        self._truncated = False
        self._page: Page[OwnWindow] = Page()
        self._widths = FeatureColumns(sink.columns)
        self._fitted = self._widths.fitted
        self._columns: Columns[Any] = own_columns(self._fitted)

    def apply(self, batch: Batch, _: float) -> None:
        for values in batch.rows(self._sink):
            end = values[self._end]
            if end is None:
                continue
            start = values[self._start] if self._start is not None else None
            window = self._windows.setdefault((end, start), _OwnWindowRows())
            key = tuple(values[place] for place in self._keys)
            self._rows += key not in window.rows
            window.rows[key] = values
            window.answer = None
        while len(self._windows) > self._limit or (
            self._rows > self._rows_limit and len(self._windows) > 1
        ):
            oldest = min(self._windows, key=lambda bounds: bounds[0])
            self._rows -= len(self._windows.pop(oldest).rows)
            self._truncated = True

    def shown(self, query: Query, _: float) -> Page[OwnWindow]:
        """Return the windows, newest first, with the first rows of a query."""
        found = []
        for (end, start), window in self._newest_first():
            if window.answer is None or window.answer[0] != query:
                first = self._select(end, start, window, query, TOP_USERS)
                answer = OwnWindow(start, end, first.rows, first.matched, first.total)
                window.answer = (query, answer)
                self._widths.fit(first.rows)
            if window.answer[1].matched or not query.filter:
                found.append(window.answer[1])
        if self._widths.fitted is not self._fitted:
            self._fitted = self._widths.fitted
            self._columns = own_columns(self._fitted)
        page = Page(
            tuple(found),
            len(found),
            len(self._windows),
            truncated=self._truncated,
            query=query,
            columns=self._columns,
        )
        # The same object while nothing changes, so that it is not drawn again.
        if page != self._page:
            self._page = page
        return self._page

    def rows(self, query: Query) -> Iterable[OwnWindowRow]:
        """Yield the rows of a query, newest window first."""
        for (end, start), window in self._newest_first():
            yield from self._select(end, start, window, query, None).rows

    @property
    def buffered(self) -> Mapping[str, int]:
        """The number of windows."""
        return {self._sink.feature: len(self._windows)}

    def _newest_first(self) -> list[tuple[tuple[datetime, datetime | None], _OwnWindowRows]]:
        return sorted(
            self._windows.items(),
            key=lambda window: (window[0][0], window[0][1] or datetime.min),
            reverse=True,
        )

    def _select(
        self,
        end: datetime,
        start: datetime | None,
        window: _OwnWindowRows,
        query: Query,
        most: int | None,
    ) -> Page[OwnWindowRow]:
        sort = query.sort if query.sort in self._columns.kinds else self._order
        rows = (OwnWindowRow(start, end, key, values) for key, values in window.rows.items())
        return select(rows, replace(query, sort=sort), self._columns, most)
