"""The console's bounded state of the streams, owned by the feed's thread.

One feed at a time adds batches, answers queries, and takes frozen snapshots, which any thread may
read at any time. Each panel decides what it keeps of a batch.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.model.sinks import Sink
from tui.table.query import Query

from .event_clock import EventClock
from .limits import StreamLimits
from .panel_state import Own, PanelState, ShownT, StoredPanel, sinks_of
from .quarantined import QuarantineBuffer
from .sink_topics import SinkTopic, own_sinks
from .snapshot import Snapshot
from .source import Batch
from .throughput import Throughput

if TYPE_CHECKING:
    from pipeline.sources import Source


class Store:
    """Bounded state of the streams.

    Args:
        panels: The panels, which create their states.
        clock: Seconds since the epoch.
        limits: How much to hold in memory.
        features: What the topics of all features hold.
        sources: The sources that features read.
        built_in: Whether there are built-in features.
    """

    def __init__(
        self,
        panels: Sequence[StoredPanel[Any]],
        clock: Callable[[], float],
        limits: StreamLimits | None = None,
        features: Sequence[Sink] = (),
        sources: Sequence[Source] = (),
        *,
        built_in: bool = True,
    ) -> None:
        self.writing = threading.Lock()
        """Held by the feed that owns the store while it writes."""
        self._panels = panels
        self._clock = clock
        self._limits = limits or StreamLimits()
        self._own = own_sinks(features)
        self._sources = tuple(each for each in sources if each.topic != TRANSACTION_TOPIC)
        self._built_in = built_in
        self._reads_transactions = built_in or len(self._sources) < len(sources)
        self._windows = {sink.feature: sink.windows for sink in features if sink.windows}
        self._lag: int | None = None
        self._error = ""
        self._error_at: float | None = None
        self.queries: Mapping[str, Query] = {}
        """Queries by panel; screens replace the dictionary, the next snapshot answers it."""
        self._answered: Mapping[str, Query] = self.queries
        self._clear()

    def _clear(self) -> None:
        topics = (TRANSACTION_TOPIC, *(source.topic for source in self._sources))
        self._clocks = {topic: EventClock() for topic in topics}
        self._states = {
            panel.name: panel.state(
                self._limits,
                self._clocks[TRANSACTION_TOPIC],
                Own(
                    tuple(filter(panel.adopts, self._own)),
                    self._sources,
                    self._built_in,
                    self._reads_transactions,
                ),
            )
            for panel in self._panels
        }
        self._throughput = Throughput()
        self._transactions_total = 0
        self._others = {source.topic: 0 for source in self._sources}
        self._last_record_at: float | None = None
        self._written: dict[str, float] = {}
        self._quarantine = QuarantineBuffer()
        self._elsewhere = QuarantineBuffer()
        self._bad = 0
        self._consumed: Counter[str] = Counter()

    @property
    def sinks(self) -> tuple[SinkTopic[Any], ...]:
        """The sink topics to read."""
        return sinks_of(self._panels, self._own, built_in=self._built_in)

    def apply(self, batch: Batch) -> None:
        """Add a batch; duplicate rows change nothing but the counts of records."""
        now = self._clock()
        if batch.recreated:
            self._clear()
        self._note_error(batch.error, now)
        for topic, written in batch.written.items():
            self._written[topic] = max(min(written, now), self._written.get(topic, 0.0))
        self._lag = batch.lag if batch.lag is not None else self._lag
        self._quarantine.apply(batch.quarantined)
        self._elsewhere.apply(batch.elsewhere)
        self._bad += batch.bad
        self._consumed.update(batch.counts)
        if batch.brought_something:
            came = batch.came_at(list(batch.written), now)
            self._last_record_at = max(came, self._last_record_at or came)
        for topic, clock in self._clocks.items():
            rows = batch.transactions if topic == TRANSACTION_TOPIC else ()
            clock.apply(rows, batch.extents.get(topic, {}), now, past=batch.past)
        self._transactions_total += len(batch.transactions)
        for topic, rows in batch.others.items():
            self._others[topic] = self._others.get(topic, 0) + len(rows)
        arrived = len(batch.transactions) + sum(map(len, batch.others.values()))
        if arrived and not batch.past:
            self._throughput.add(now, arrived)
        for state in self._states.values():
            state.apply(batch, now)

    def retune(self, feature: str, threshold: float) -> None:
        """Take another threshold of a signal."""
        self._own = tuple(
            replace(sink, threshold=threshold) if sink.feature == feature else sink
            for sink in self._own
        )
        for state in self._states.values():
            state.retune(feature, threshold)

    def make_live(self, feature: str) -> None:
        """Put a signal first, as the one whose alerts are worked on."""
        found = (
            replace(sink, live=sink.feature == feature) if sink.threshold is not None else sink
            for sink in self._own
        )
        self._own = tuple(sorted(found, key=lambda sink: not sink.live))

    def fail(self, error: str) -> None:
        """Record that the streams cannot be read; the rows read so far stay."""
        self._note_error(error, self._clock())

    @property
    def queries_changed(self) -> bool:
        """Whether queries have changed since the last snapshot."""
        return self.queries is not self._answered

    def state(self, panel: StoredPanel[ShownT]) -> PanelState[ShownT]:
        return self._states[panel.name]

    def snapshot(self) -> Snapshot:
        """Return a snapshot of the current state, with the answers to the queries."""
        now = self._clock()
        queries = self._answered = self.queries
        buffered: dict[str, int] = {}
        seen: dict[str, int] = {}
        for state in self._states.values():
            buffered |= state.buffered
            seen |= state.seen
        return Snapshot(
            panels={
                name: state.shown(queries.get(name, Query()), now)
                for name, state in self._states.items()
            },
            own=self._own,
            sources=self._sources,
            built_in=self._built_in,
            reads_transactions=self._reads_transactions,
            windows=self._windows,
            transactions_total=self._transactions_total,
            others=dict(self._others),
            rate=self._throughput.rate(now),
            event_times={topic: clock.state(now) for topic, clock in self._clocks.items()},
            last_record_at=self._last_record_at,
            written=dict(self._written),
            quarantine=self._quarantine.snapshot(),
            elsewhere=self._elsewhere.snapshot(),
            bad=self._bad,
            consumed=dict(self._consumed),
            buffered=buffered,
            seen=seen,
            lag=self._lag,
            error=self._error,
            error_at=self._error_at,
        )

    def _note_error(self, error: str, now: float) -> None:
        if error and not self._error:
            self._error_at = now
        elif not error:
            self._error_at = None
        self._error = error
