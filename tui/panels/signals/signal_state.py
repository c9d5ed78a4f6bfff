"""What the console holds of one signal: its latest alerts, and counts by score and label."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from rich.cells import cell_len

from pipeline.labels.known import UNKNOWN, KnownLabels
from pipeline.signals.quality import MaturingTally, Quality, edges_with
from pipeline.sources.labels import says_fraud
from tui.panels.feature_columns import latest_first
from tui.streams.limits import StreamLimits
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import SinkTopic, Values
from tui.streams.source import Batch
from tui.streams.unseen import Unseen
from tui.table.query import Page, Query

from .signal_drift import NewestInputs
from .signal_page import SignalPage
from .signal_row import AMOUNT_CELLS, SCORE, SignalRow, amount_shown, places, signal_columns

_TENTHS: Final = 10


class Counted(NamedTuple):
    """A record as the figures have counted it: what a label that comes later has to change."""

    score: float
    amount: float | None
    at: datetime
    own: bool | None
    label: bool | None


class SignalState(PanelState[Page[SignalRow]]):
    """The latest records by tenth of their score, so that another threshold has its alerts at once.

    Args:
        sink: The signal's topic.
        limits: How much to hold in memory.
        known: Labels and verdicts, which the caller keeps up to date.
    """

    def __init__(self, sink: SinkTopic[Values], limits: StreamLimits, known: KnownLabels) -> None:
        self.sink = sink
        """The signal's topic."""
        self._limits = limits
        self._known = known
        self._threshold = sink.threshold or 0.0
        place_of = places(sink)
        self._time, self._score = place_of[sink.time], place_of[SCORE]
        self._amount = place_of[sink.amount] if sink.amount is not None else None
        own = sink.label if limits.own_labels else None
        self._label = place_of[own] if own is not None else None
        self._identity = place_of[sink.identity] if sink.identity is not None else None
        self._tally = MaturingTally(edges_with(self._threshold), limits.maturity)
        self._rows: tuple[deque[SignalRow], ...] = tuple(
            deque[SignalRow](maxlen=limits.flagged) for _ in range(_TENTHS)
        )
        self._unseen = Unseen(limits.users)
        self.counted: OrderedDict[str, Counted] = OrderedDict()
        """The records that have an identity, in the order in which they were read."""
        self.inputs = NewestInputs(sink)
        """The newest rows, alerts or not."""
        self._amount_cells = AMOUNT_CELLS
        self._columns = signal_columns(sink)
        self._scored = 0
        self._alerts = 0
        self._quality: Quality | None = None
        self._page: SignalPage | None = None

    def apply(self, batch: Batch, _: float) -> None:
        for values in batch.rows(self.sink):
            if self._unseen.add(values):
                self._add(values)

    @property
    def threshold(self) -> float:
        """The score from which a record is an alert."""
        return self._threshold

    def retune(self, feature: str, threshold: float) -> None:
        if feature != self.sink.feature:
            return
        self._threshold = threshold
        self._alerts = self._tally.alerts(threshold)
        self._quality = self._page = None

    def relabel(self, identities: Iterable[str]) -> None:
        """Count records anew of which something else is known now."""
        for identity in identities:
            self._page = None
            if (counted := self.counted.get(identity)) is None:
                continue
            score, amount, at, own, before = counted
            label = self._known.of(identity).fraud(own)
            if label is not before:
                self._tally.relabel(score, before, label, amount, at)
                self.counted[identity] = counted._replace(label=label)
                self._quality = None

    def shown(self, query: Query, _: float) -> SignalPage:
        """Return the first alerts of a query; latest event time first by default."""
        if self._page is None or self._page.query != query:
            found = self._select(query, self._limits.shown)
            self._fit(found.rows)
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
        return {self.sink.feature: sum(map(len, self._rows))}

    @property
    def seen(self) -> Mapping[str, int]:
        """The number of alerts."""
        return {self.sink.feature: self._alerts}

    def _add(self, values: Values) -> None:
        at, score = values[self._time], values[self._score]
        if at is None or score is None:
            return
        own = says_fraud(values[self._label]) if self._label is not None else None
        amount, identity = self._amount_of(values), self._identity_of(values)
        label = self._known.of(identity).fraud(own)
        self._tally.add(score, label, amount, at)
        if identity:
            self._remember(identity, Counted(score, amount, at, own, label))
        self.inputs.add(at, values)
        tenth = max(0, min(_TENTHS - 1, int(score * _TENTHS)))
        self._rows[tenth].append(SignalRow(self._scored, values, at, score, own, identity))
        self._scored += 1
        self._alerts += score >= self._threshold
        self._quality = self._page = None

    def _remember(self, identity: str, counted: Counted) -> None:
        self.counted[identity] = counted
        if len(self.counted) > self._limits.labelled:
            self.counted.popitem(last=False)

    def _identity_of(self, values: Values) -> str:
        value = values[self._identity] if self._identity is not None else None
        return "" if value is None else str(value)

    def _amount_of(self, values: Values) -> float | None:
        value: Any = values[self._amount] if self._amount is not None else None
        return None if value is None else float(value)

    def _judged(self) -> Quality | None:
        if self._quality is None and self._scored:
            self._quality = Quality(
                self._threshold,
                self._tally.everything(),
                self._tally.recent(),
                self._tally.young,
                self._limits.maturity,
            )
        return self._quality

    def _fit(self, rows: Sequence[SignalRow]) -> None:
        """Make the amounts' column wide enough for these rows; it never becomes narrower."""
        if self._amount is None:
            return
        place, column = self._amount, self.sink.columns[self._amount]
        shown = (amount_shown(row.values[place], column) for row in rows)
        widest = max(map(cell_len, shown), default=0)
        if widest > self._amount_cells:
            self._amount_cells = widest
            self._columns = signal_columns(self.sink, widest)

    def _select(self, query: Query, most: int | None) -> Page[SignalRow]:
        return latest_first(self._alert_rows(), query, self._columns, self.sink.time, most)

    def _alert_rows(self) -> Iterator[SignalRow]:
        """Return the alerts with what is known of them now."""
        for rows in self._rows:
            for row in rows:
                if row.score >= self._threshold:
                    known = self._known.of(row.identity) if row.identity else UNKNOWN
                    same = known is UNKNOWN
                    yield row if same else replace(row, fraud=known.fraud(row.fraud), known=known)
