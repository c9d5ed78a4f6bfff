"""What the console knows of one signal: its latest alerts, and counts by score."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline.signals.quality import Quality, RecentTally, Tally, edges_with
from pipeline.sources.labels import says_fraud
from tui.panels.feature_columns import latest_first
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import SinkTopic, Values
from tui.streams.source import Batch
from tui.streams.unseen import Unseen
from tui.table.query import Page, Query

from .signal_page import SignalPage
from .signal_row import SCORE, SignalRow, places, signal_columns

_TENTHS: Final = 10


class SignalState(PanelState[Page[SignalRow]]):
    """The latest records by tenth of their score, so that another threshold has its alerts at once.

    Args:
        sink: The signal's topic.
        limit: Records to hold of each tenth.
        remembered: Rows to remember, to detect those that a job repeats.
        most: Rows to show.
    """

    def __init__(self, sink: SinkTopic[Values], limit: int, remembered: int, most: int) -> None:
        self._sink = sink
        self._most = most
        self._threshold = sink.threshold or 0.0
        place_of = places(sink)
        self._time, self._score = place_of[sink.time], place_of[SCORE]
        self._amount = place_of[sink.amount] if sink.amount is not None else None
        self._label = place_of[sink.label] if sink.label is not None else None
        edges = edges_with(self._threshold)
        self._everything, self._recent = Tally(edges), RecentTally(edges)
        self._rows: tuple[deque[SignalRow], ...] = tuple(
            deque[SignalRow](maxlen=limit) for _ in range(_TENTHS)
        )
        self._unseen = Unseen(remembered)
        self._columns = signal_columns(sink)
        self._scored = 0
        self._alerts = 0
        self._quality: Quality | None = None
        self._page: SignalPage | None = None

    def apply(self, batch: Batch, _: float) -> None:
        for values in batch.rows(self._sink):
            if self._unseen.add(values):
                self._add(values)

    def retune(self, feature: str, threshold: float) -> None:
        if feature != self._sink.feature:
            return
        self._threshold = threshold
        self._alerts = self._everything.counts().outcome(threshold).alerts
        self._quality = self._page = None

    def shown(self, query: Query, _: float) -> SignalPage:
        """Return the first alerts of a query; latest event time first by default."""
        if self._page is None or self._page.query != query:
            found = self._select(query, self._most)
            self._page = SignalPage(
                found.rows,
                found.matched,
                found.total,
                truncated=self._alerts > found.total,
                query=query,
                # Those of the panel do for no rows.
                columns=self._columns if self._scored else None,
                alerts=self._alerts,
                scored=self._scored,
                quality=self._judged(),
            )
        return self._page

    def rows(self, query: Query) -> Iterable[SignalRow]:
        return self._select(query, None).rows

    @property
    def buffered(self) -> Mapping[str, int]:
        return {self._sink.feature: sum(map(len, self._rows))}

    @property
    def seen(self) -> Mapping[str, int]:
        """The number of alerts."""
        return {self._sink.feature: self._alerts}

    def _add(self, values: Values) -> None:
        at, score = values[self._time], values[self._score]
        if at is None or score is None:
            return
        fraud = says_fraud(values[self._label]) if self._label is not None else None
        amount = self._amount_of(values)
        self._everything.add(score, fraud, amount, at)
        self._recent.add(score, fraud, amount, at)
        tenth = max(0, min(_TENTHS - 1, int(score * _TENTHS)))
        self._rows[tenth].append(SignalRow(self._scored, values, at, score, fraud))
        self._scored += 1
        self._alerts += score >= self._threshold
        self._quality = self._page = None

    def _amount_of(self, values: Values) -> float | None:
        value: Any = values[self._amount] if self._amount is not None else None
        return None if value is None else float(value)

    def _judged(self) -> Quality | None:
        if self._quality is None and self._scored:
            self._quality = Quality(
                self._threshold, self._everything.counts(), self._recent.counts()
            )
        return self._quality

    def _select(self, query: Query, most: int | None) -> Page[SignalRow]:
        alerts = (row for rows in self._rows for row in rows if row.score >= self._threshold)
        return latest_first(alerts, query, self._columns, self._sink.time, most)
