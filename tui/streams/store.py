"""Everything the console knows of the streams, bounded; owned by the feed's thread.

One feed at a time takes batches in, answers the queries, and publishes frozen snapshots, which any
thread may read at any time.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable

from tui.streams.queries import Queries

from .event_clock import EventClock
from .flagged import FlaggedBuffer
from .limits import StreamLimits
from .quarantine import QuarantineBuffer
from .series import Series
from .snapshot import Snapshot
from .source import Batch
from .throughput import Throughput
from .topics import ROLLING_TOPIC, WINDOW_KINDS
from .users import UsersState
from .windows import WindowsState


class Store:
    """Bounded state of the streams.

    Args:
        clock: Seconds since the epoch.
        limits: How much to keep.
    """

    def __init__(self, clock: Callable[[], float], limits: StreamLimits | None = None) -> None:
        self.writing = threading.Lock()
        """Held by the feed that owns the store while it writes."""
        self._clock = clock
        self._limits = limits or StreamLimits()
        self._lag: int | None = None
        self._error = ""
        self._error_at: float | None = None
        self.queries = Queries()
        """Set by the screens; the next snapshot answers it."""
        self.published = Snapshot()
        """The latest snapshot."""
        self._answered = self.queries
        self._clear()

    def _clear(self) -> None:
        """Forget all that was read."""
        limits = self._limits
        self.flagged = FlaggedBuffer(limits.flagged, limits.users)
        self.users = UsersState(limits.users, self.flagged.flags)
        self.windows = {
            kind: WindowsState(limits.windows, limits.window_rows) for kind in WINDOW_KINDS
        }
        self.event_clock = EventClock()
        self._series = Series()
        self._throughput = Throughput()
        self._transactions_total = 0
        self._last_record_at: float | None = None
        self._written: dict[str, float] = {}
        self._quarantine = QuarantineBuffer()
        self._bad = 0
        self._consumed: Counter[str] = Counter()

    def apply(self, batch: Batch) -> None:
        """Take in a batch; rows that were taken in before change nothing but the counts."""
        now = self._clock()
        if batch.recreated:
            self._clear()
        self._note_error(batch.error, now)
        for topic, written in batch.written.items():
            self._written[topic] = max(min(written, now), self._written.get(topic, 0.0))
        self._lag = batch.lag if batch.lag is not None else self._lag
        self._quarantine.apply(batch.quarantined)
        self._bad += batch.bad
        self._consumed.update(batch.counts)
        if batch.brought_something:
            came = self._came_at(batch, batch.written, now)
            self._last_record_at = max(came, self._last_record_at or came)
        self._series.add(batch, now)
        self._apply_transactions(batch, now)
        if batch.rolling:
            self.users.apply_rolling(batch.rolling, self._came_at(batch, [ROLLING_TOPIC], now))
            self.flagged.apply_rolling(batch.rolling, past=batch.past)
        for kind, rows in batch.windows.items():
            self.windows[kind].apply(rows)
        for user in self.flagged.apply(batch.flagged, self.users.mean_at):
            self.users.note_flags(user)

    def _came_at(self, batch: Batch, topics: Iterable[str], now: float) -> float:
        """Now, but for what had been there before: when the newest of these topics was written.

        A producer whose clock is ahead is not believed.
        """
        if not batch.past:
            return now
        return min(
            now, max((batch.written.get(topic, 0.0) for topic in topics), default=now) or now
        )

    def fail(self, error: str) -> None:
        """Note that the streams cannot be read; what was read stays."""
        self._note_error(error, self._clock())

    @property
    def queries_changed(self) -> bool:
        """Whether the tables ask for something else than was published."""
        return self.queries is not self._answered

    def publish(self) -> None:
        """Give everybody the state as it is now."""
        self.published = self.snapshot()

    def snapshot(self) -> Snapshot:
        """The state now, with the answers to the queries."""
        now = self._clock()
        queries = self._answered = self.queries
        return Snapshot(
            users=self.users.page(queries.users, self._limits.shown),
            windows=self.windows[queries.kind].page(
                queries.kind, queries.windows, self.event_clock.fraud
            ),
            flagged=self.flagged.page(queries.flagged, self._limits.shown),
            flagged_total=self.flagged.total,
            transactions_total=self._transactions_total,
            rate=self._throughput.rate(now),
            event_time=self.event_clock.state(now),
            series=self._series.snapshot(now),
            last_record_at=self._last_record_at,
            written=dict(self._written),
            quarantine=self._quarantine.snapshot(),
            bad=self._bad,
            consumed=dict(self._consumed),
            windows_kept={kind: len(kept) for kind, kept in self.windows.items()},
            lag=self._lag,
            error=self._error,
            error_at=self._error_at,
        )

    def _apply_transactions(self, batch: Batch, now: float) -> None:
        self.event_clock.apply(batch.transactions, batch.extents, now, past=batch.past)
        if batch.transactions:
            self._transactions_total += len(batch.transactions)
            self.users.apply_transactions(batch.transactions)
            if not batch.past:
                self._throughput.add(now, len(batch.transactions))

    def _note_error(self, error: str, now: float) -> None:
        if error and not self._error:
            self._error_at = now
        elif not error:
            self._error_at = None
        self._error = error
