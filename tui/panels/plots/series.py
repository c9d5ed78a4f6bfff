"""The time series behind the plots: bounded, and read as frozen snapshots."""

from __future__ import annotations

from collections import deque

from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import FLAGGED, ROLLING
from tui.streams.source import Batch
from tui.streams.throughput import KEPT_SECONDS, Throughput
from tui.table.query import Query

from .amounts import Amounts
from .flagged_rate import FlaggedRate
from .newest_time import NewestTime
from .series_snapshot import SeriesSnapshot


class Series(PanelState[SeriesSnapshot]):
    """The state of the panel Plots; counts rates, delays, flags and amounts."""

    def __init__(self) -> None:
        self._throughput = Throughput()
        self._lags: deque[tuple[int, float]] = deque(maxlen=KEPT_SECONDS + 1)
        self._transactions = NewestTime()
        self._rolling = NewestTime()
        self._flagged = FlaggedRate()
        self._amounts = Amounts()
        self._taken = 0
        self._latest: tuple[tuple[int, int], SeriesSnapshot] | None = None

    def apply(self, batch: Batch, now: float) -> None:
        """Add a batch.

        Args:
            batch: What one poll returned; hostile values neither break nor fill the series.
            now: When it arrived, in seconds since the epoch.
        """
        second = int(now)
        transactions, rolling = batch.transactions, batch.rows(ROLLING)
        flagged = batch.rows(FLAGGED)
        if transactions or rolling or flagged:
            self._taken += 1
        self._transactions.add([row.trans_date_trans_time for row in transactions])
        self._rolling.add([row.trans_date_trans_time for row in rolling])
        self._amounts.add(transactions)
        newest = self._transactions.newest
        self._flagged.add((placed.row for placed in flagged), newest)
        if batch.past:
            return
        if transactions:
            self._throughput.add(now, len(transactions))
        if newest is not None and self._rolling.newest is not None:
            behind = (newest - self._rolling.newest).total_seconds()
            _put(self._lags, second, max(0.0, behind))

    def shown(self, _: Query, now: float) -> SeriesSnapshot:
        """Return the series at a time in seconds since the epoch.

        The same object is returned until a batch arrives or the second changes.
        """
        end = int(now)
        key = (end, self._taken)
        if self._latest is None or self._latest[0] != key:
            self._latest = (key, self._read(end))
        return self._latest[1]

    def _read(self, end: int) -> SeriesSnapshot:
        before = self._latest[1] if self._latest else SeriesSnapshot()
        rates = self._throughput.counts(end)
        lags = self._read_lags(end) if self._lags else ()
        return SeriesSnapshot(
            rates=before.rates if rates == before.rates else rates,
            lags=before.lags if lags == before.lags else lags,
            flagged=self._flagged.buckets(self._transactions.newest),
            amounts=self._amounts.shares(),
        )

    def _read_lags(self, end: int) -> tuple[float | None, ...]:
        known = dict(self._lags)
        first = max(self._lags[0][0], end - KEPT_SECONDS)
        # The last value before the first visible second still holds at its beginning.
        last = next((lag for at, lag in reversed(self._lags) if at < first), None)
        found = []
        for second in range(first, end):
            last = known.get(second, last)
            found.append(last)
        return tuple(found)


def _put(lags: deque[tuple[int, float]], second: int, lag: float) -> None:
    """Set the lag of a second; after the clock was set back, later seconds are dropped."""
    while lags and lags[-1][0] >= second:
        lags.pop()
    lags.append((second, lag))
