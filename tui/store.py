"""Everything the console knows of the streams, bounded; written by the feed, read by snapshot."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.model import RollingRow

from .snapshot import Flagged, Snapshot, UserRow
from .source import Batch
from .throughput import Throughput
from .windows_kept import WindowsKept


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is kept, and how much of it a snapshot has.

    Attributes:
        users: Users kept; the one not heard of for longest goes first.
        windows: Windows kept; the oldest goes first.
        users_per_window: Users kept of each window.
        flagged: Flagged transactions kept; the oldest goes first.
        shown: Rows of each table in a snapshot.
    """

    users: int = 20_000
    windows: int = 48
    users_per_window: int = 10_000
    flagged: int = 1_000
    shown: int = 500


class Store:
    """Bounded state of the streams; safe to use from several threads.

    Args:
        clock: Seconds since the epoch.
        limits: How much to keep.
    """

    def __init__(self, clock: Callable[[], float], limits: Limits | None = None) -> None:
        self._clock = clock
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._lag: int | None = None
        self._error = ""
        self._error_at: float | None = None
        self._clear()

    def _clear(self) -> None:
        """Forget all that was read."""
        # Least recently heard of first; with each row the time the console got it.
        self._users: OrderedDict[int, tuple[RollingRow, float]] = OrderedDict()
        self._users_truncated = False
        self._flags: OrderedDict[int, int] = OrderedDict()
        self._flagged: deque[Flagged] = deque(maxlen=self._limits.flagged)
        self._flagged_seen: OrderedDict[int, None] = OrderedDict()
        self._flagged_total = 0
        self._windows = WindowsKept(self._limits.windows, self._limits.users_per_window)
        self._throughput = Throughput()
        self._transactions_total = 0
        self._event_time: datetime | None = None
        self._last_record_at: float | None = None
        self._bad = 0

    def apply(self, batch: Batch) -> None:
        """Take in a batch; rows that were taken in before change nothing but the counts."""
        now = self._clock()
        with self._lock:
            if batch.anew:
                self._clear()
            self._note_error(batch.error, now)
            self._lag = batch.lag if batch.lag is not None else self._lag
            self._bad += batch.bad
            if batch.transactions or batch.rolling or batch.windows or batch.flagged or batch.bad:
                self._last_record_at = now
            if batch.transactions:
                self._transactions_total += len(batch.transactions)
                if not batch.past:
                    self._throughput.add(now, len(batch.transactions))
                newest = max(row.trans_date_trans_time for row in batch.transactions)
                self._event_time = max(newest, self._event_time or newest)
            self._apply_rolling(batch.rolling, now)
            self._windows.apply(batch.windows)
            self._apply_flagged(batch.flagged)

    def fail(self, error: str) -> None:
        """Note that the streams cannot be read; what was read stays."""
        with self._lock:
            self._note_error(error, self._clock())

    def snapshot(self) -> Snapshot:
        """The state now; costs milliseconds whatever is kept."""
        now = self._clock()
        with self._lock:
            return Snapshot(
                users=self._latest_users(),
                users_total=len(self._users),
                users_truncated=self._users_truncated,
                windows=self._windows.summaries(),
                flagged=_newest(self._flagged, self._limits.shown),
                flagged_total=self._flagged_total,
                transactions_total=self._transactions_total,
                rate=self._throughput.rate(now),
                event_time=self._event_time,
                last_record_at=self._last_record_at,
                bad=self._bad,
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

    def _apply_rolling(self, rows: Sequence[RollingRow], now: float) -> None:
        users = self._users
        for row in rows:
            known = users.get(row.user_id)
            if known is None:
                users[row.user_id] = (row, now)
            elif row.trans_date_trans_time >= known[0].trans_date_trans_time:
                if row != known[0]:
                    users[row.user_id] = (row, now)
                users.move_to_end(row.user_id)
        while len(users) > self._limits.users:
            users.popitem(last=False)
            self._users_truncated = True

    def _apply_flagged(self, rows: Iterable[Flagged]) -> None:
        for row in rows:
            # A job that restarts may write a transaction twice, under another offset: only the
            # whole content tells, since `trans_num` is not unique.
            identity = hash(row.transaction)
            if identity in self._flagged_seen:
                continue
            self._flagged_seen[identity] = None
            self._flagged.append(row)
            self._flagged_total += 1
            user = row.transaction.user_id
            self._flags[user] = self._flags.get(user, 0) + 1
            self._flags.move_to_end(user)
        for seen in (self._flagged_seen, self._flags):
            while len(seen) > self._limits.users:
                seen.popitem(last=False)

    def _latest_users(self) -> tuple[UserRow, ...]:
        latest = sorted(
            self._users.values(), key=lambda kept: kept[0].trans_date_trans_time, reverse=True
        )
        return tuple(
            UserRow(
                user_id=row.user_id,
                mean=row.user_mean_trans_amt_last_360min,
                count=row.user_trans_count_last_360min,
                last_seen=row.trans_date_trans_time,
                flags=self._flags.get(row.user_id, 0),
                updated_at=at,
            )
            for row, at in latest[: self._limits.shown]
        )


def _newest(rows: deque[Flagged], limit: int) -> tuple[Flagged, ...]:
    return tuple(row for row, _ in zip(reversed(rows), range(limit), strict=False))
