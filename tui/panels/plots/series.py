"""The time series behind the plots: bounded, and read as frozen snapshots."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import datetime
from itertools import compress
from operator import attrgetter, itemgetter
from typing import Any, Final

from pipeline.contract import TIME_COLUMN
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.labels import says_fraud
from tui.streams.panel_state import Own, OwnSinks, PanelState
from tui.streams.sink_topics import FLAGGED, ROLLING, SinkTopic
from tui.streams.source import Batch
from tui.streams.throughput import KEPT_SECONDS, Throughput
from tui.streams.unseen import Unseen
from tui.table.query import Query

from .amounts import Amounts
from .flagged_rate import FlaggedRate
from .newest_time import NewestTime
from .series_snapshot import PlottedStream, SeriesSnapshot

_KEPT_IDENTITIES: Final = 20_000


class PlottedStreams(PanelState[SeriesSnapshot]):
    """The state of the panel Plots: the series of each stream, of which a query chooses one.

    Args:
        own: The user's own sources and rolling features.
    """

    def __init__(self, own: Own) -> None:
        transactions = own.reads_transactions or not own.sources
        self._series = {
            **({TRANSACTION.topic: of_transactions()} if transactions else {}),
            **{source.topic: Series(source, _first(own.sinks, source)) for source in own.sources},
        }
        for series in self._series.values():
            series.streams = tuple(self._series)

    def apply(self, batch: Batch, now: float) -> None:
        for series in self._series.values():
            series.apply(batch, now)

    def shown(self, query: Query, now: float) -> SeriesSnapshot:
        found = self._series.get(query.feature) or next(iter(self._series.values()))
        return found.shown(query, now)


class Series(PanelState[SeriesSnapshot]):
    """The series of one stream: counts rates, delays, flags and amounts.

    Args:
        source: The stream.
        results: The sink topic with a row per record, whose delay is of interest; None for none.
        picked: The sink topic with the flagged records; None if the label tells them.
    """

    def __init__(
        self,
        source: Source,
        results: SinkTopic[Any] | None = None,
        picked: SinkTopic[Any] | None = None,
    ) -> None:
        self._source = source
        self._results = results
        self._picked = picked
        self._stream = _plotted(source, results)
        self.streams: tuple[str, ...] = (source.topic,)
        """The documented topics of all streams that can be plotted."""
        self._time = attrgetter(source.time)
        self._amount = None if self._stream.without_amounts else attrgetter(source.amount or "")
        self._label = None if source.label is None else attrgetter(source.label)
        self._throughput = Throughput()
        self._lags: deque[tuple[int, float]] = deque(maxlen=KEPT_SECONDS + 1)
        self._records = NewestTime()
        self._newest_result = NewestTime()
        self._flagged = FlaggedRate()
        self._unseen = Unseen(_KEPT_IDENTITIES)
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
        records = batch.records(self._source.topic)
        results = () if self._results is None else batch.rows(self._results)
        picked = () if self._picked is None else batch.rows(self._picked)
        if records or results or picked:
            self._taken += 1
        times = [self._time(row) for row in records]
        self._records.add(times)
        newest = self._records.newest
        if self._results is not None and results:
            self._newest_result.add(list(_times(self._results, results)))
        flags = [self._label is not None and bool(says_fraud(self._label(row))) for row in records]
        if self._amount is not None:
            self._add_amounts([self._amount(row) for row in records], flags)
        again = (placed.row for placed in picked if self._unseen.add(placed.row))
        at = compress(times, flags) if self._picked is None else map(self._time, again)
        self._flagged.add(at, newest)
        if batch.past:
            return
        if records:
            self._throughput.add(now, len(records))
        if newest is not None and self._newest_result.newest is not None:
            behind = (newest - self._newest_result.newest).total_seconds()
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

    def _add_amounts(self, amounts: list[Any], flags: list[bool]) -> None:
        known = [amount is not None for amount in amounts]
        self._amounts.add(
            [float(amount) for amount in compress(amounts, known)], list(compress(flags, known))
        )

    def _read(self, end: int) -> SeriesSnapshot:
        before = self._latest[1] if self._latest else SeriesSnapshot()
        rates = self._throughput.counts(end)
        lags = self._read_lags(end) if self._lags else ()
        return SeriesSnapshot(
            rates=before.rates if rates == before.rates else rates,
            lags=before.lags if lags == before.lags else lags,
            flagged=self._flagged.buckets(self._records.newest),
            amounts=self._amounts.shares(),
            stream=self._stream,
            streams=self.streams,
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


def of_transactions() -> Series:
    """Return the series of the tutorial's stream, whose flagged records a job picks."""
    return Series(TRANSACTION, ROLLING, FLAGGED)


def _first(rolling: OwnSinks, source: Source) -> SinkTopic[Any] | None:
    """Return the first of the rolling features that reads a source."""
    return next((sink for sink in rolling if sink.source == source.topic), None)


def _times(results: SinkTopic[Any], rows: Iterable[Any]) -> Iterable[datetime]:
    """Return the event times of a rolling feature's rows."""
    if not results.columns:
        return map(attrgetter(TIME_COLUMN), rows)
    place = [column.name for column in results.columns].index(results.time)
    return filter(None, map(itemgetter(place), rows))


def _plotted(source: Source, results: SinkTopic[Any] | None) -> PlottedStream:
    amounts = ""
    if source.amount is None:
        amounts = f"The source {source.topic} declares no amount."
    elif source.amount in source.sensitive:
        amounts = f"{source.amount} is sensitive, so it is not plotted."
    label = "" if source.label is not None else f"The source {source.topic} declares no label."
    feature = "" if results is None else results.feature
    return PlottedStream(source.topic, source.watermark, feature, amounts, label)


def _put(lags: deque[tuple[int, float]], second: int, lag: float) -> None:
    """Set the lag of a second; after the clock was set back, later seconds are dropped."""
    while lags and lags[-1][0] >= second:
        lags.pop()
    lags.append((second, lag))
