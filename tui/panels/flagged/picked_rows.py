"""The latest rows of a feature that picks records, or the labelled records of a source."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from tui.panels.feature_columns import FeatureColumns
from tui.streams.feature_rows import FeatureRow
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import SinkTopic
from tui.streams.source import Batch
from tui.streams.unseen import Unseen
from tui.table.query import Page, Query


class PickedRows(PanelState[Page[FeatureRow]]):
    """A bounded buffer of rows; the oldest is dropped first.

    Args:
        sink: The feature's sink topic, whose rows have their records.
        limit: Size of the buffer.
        remembered: Rows to remember, to detect those that a job repeats.
        most: Rows to show.
    """

    def __init__(self, sink: SinkTopic[Any], limit: int, remembered: int, most: int) -> None:
        self._sink = sink
        self._most = most
        self._rows: deque[FeatureRow] = deque(maxlen=limit)
        self._unseen = Unseen(remembered)
        self._columns = FeatureColumns(sink.columns)
        self._page: Page[FeatureRow] | None = None
        self._total = 0

    def apply(self, batch: Batch, _: float) -> None:
        for placed in batch.rows(self._sink):
            # A job may write a row again; a record of a source is another one, also with the same
            # values.
            at = placed.record.partition, placed.record.offset
            if self._unseen.add(at if self._sink.labelled else placed.row):
                self._rows.appendleft(FeatureRow(placed.record, placed.row))
                self._total += 1
                self._page = None

    def shown(self, query: Query, _: float) -> Page[FeatureRow]:
        """Return the first rows of a query; latest event time first by default."""
        if self._page is None or self._page.query != query:
            page = self._select(query, self._most)
            self._columns.fit(page.rows)
            self._page = replace(page, columns=self._columns.fitted)
        return self._page

    def rows(self, query: Query) -> Iterable[FeatureRow]:
        return self._select(query, None).rows

    @property
    def buffered(self) -> Mapping[str, int]:
        return {self._sink.feature: len(self._rows)}

    @property
    def seen(self) -> Mapping[str, int]:
        return {self._sink.feature: self._total}

    def _select(self, query: Query, most: int | None) -> Page[FeatureRow]:
        return self._columns.select(self._rows, query, self._sink.time, most)
