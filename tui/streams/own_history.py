"""The history of one user of the user's own stream: frozen and bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from pipeline.model.sinks import SinkColumn
from pipeline.sources import Source

from .history import MOST_ROWS
from .sink_topics import SinkTopic, Values
from .user_feed import History, Polled

_WINDOW_END = "window_end"


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """A record of the user.

    Attributes:
        partition: Its partition.
        offset: Its offset in the partition.
        values: A value per column of the source.
        flagged: Whether its label says fraud.
    """

    partition: int
    offset: int
    values: Values
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class LatestResult:
    """The latest row of the user that a feature has written.

    Attributes:
        sink: The feature's sink topic.
        values: The row.
        at: Its event time, or the end of its window; None if it has none.
        rows: How many rows of the user were read.
    """

    sink: SinkTopic[Values]
    values: Values
    at: datetime | None
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHistoryBatch(Polled):
    """What one poll returned about a user.

    Attributes:
        columns: The columns of the source.
        records: The user's records.
        results: The user's rows, by feature.
    """

    columns: tuple[SinkColumn, ...] = ()
    records: Sequence[OwnRecord] = ()
    results: Mapping[str, Sequence[Values]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnHistory(History):
    """A user's history at one moment.

    Attributes:
        columns: The columns of the source; none before it was read.
        records: The user's records, newest event time first.
        results: The latest row of each feature that has any of the user.
    """

    columns: tuple[SinkColumn, ...] = ()
    records: tuple[OwnRecord, ...] = ()
    results: tuple[LatestResult, ...] = ()

    def hides(self, column: str | None) -> bool:
        """Whether the values of a column of the source are not shown."""
        return any(each.hidden for each in self.columns if each.name == column)


class OwnHistoryState:
    """Collects a user's history; not thread-safe.

    Args:
        source: The stream.
        sinks: The sink topics of its features that say whose a row is.
        until: The last moment of event time that counts; None for no last one.
    """

    def __init__(
        self, source: Source, sinks: Sequence[SinkTopic[Values]], until: datetime | None = None
    ) -> None:
        self._sinks = sinks
        self._until = until or datetime.max
        self._time = list(source.columns).index(source.time)
        self._columns: tuple[SinkColumn, ...] = ()
        self._clear()

    def _clear(self) -> None:
        self._records: OrderedDict[tuple[int, int], OwnRecord] = OrderedDict()
        self._results: dict[str, LatestResult] = {}
        self._flagged = self._total = self._read = 0
        self._caught_up = False

    def apply(self, batch: OwnHistoryBatch) -> None:
        if batch.recreated:
            self._clear()
        self._columns = batch.columns or self._columns
        self._read += batch.read
        self._caught_up = self._caught_up or (batch.lag == 0 and not batch.error)
        for record in batch.records:
            if record.values[self._time] > self._until:
                continue
            self._records[record.partition, record.offset] = record
            self._total += 1
            self._flagged += record.flagged
        while len(self._records) > MOST_ROWS:
            self._records.popitem(last=False)
        for sink in self._sinks:
            for values in batch.results.get(sink.feature, ()):
                self._add_result(sink, values)

    def history(self, error: str, now: float) -> OwnHistory:
        newest = sorted(
            self._records.values(), key=lambda record: record.values[self._time], reverse=True
        )
        return OwnHistory(
            columns=self._columns,
            records=tuple(newest),
            results=tuple(self._results.values()),
            flagged=self._flagged,
            total=self._total,
            read=self._read,
            caught_up=self._caught_up,
            error=error,
            at=now,
        )

    def _add_result(self, sink: SinkTopic[Values], values: Values) -> None:
        at = event_time(sink, values)
        if at is not None and at > self._until:
            return
        known = self._results.get(sink.feature)
        if known is None:
            self._results[sink.feature] = LatestResult(sink, values, at, 1)
        elif at is not None and known.at is not None and at < known.at:
            self._results[sink.feature] = replace(known, rows=known.rows + 1)
        else:
            self._results[sink.feature] = LatestResult(sink, values, at, known.rows + 1)


def event_time(sink: SinkTopic[Values], values: Values) -> datetime | None:
    """Return the event time of a feature's row, or the end of its window."""
    names = [column.name for column in sink.columns]
    name = sink.time if sink.time in names else _WINDOW_END
    found = values[names.index(name)] if name in names else None
    return found if isinstance(found, datetime) else None
