"""The history of one of the tutorial's users: frozen and bounded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from pipeline.contract import RollingRow, Transaction, WindowRow

from .user_feed import History, Polled

MOST_ROWS: Final = 500
MOST_WINDOWS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryBatch(Polled):
    """What one poll returned about a user.

    Attributes:
        transactions: The user's transactions.
        means: The user's rolling features.
        windows: The user's tumbling windows.
    """

    transactions: Sequence[Transaction] = ()
    means: Sequence[RollingRow] = ()
    windows: Sequence[WindowRow] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """A transaction with the user's rolling feature at its event time, if known."""

    transaction: Transaction
    mean: float | None = None
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class UserHistory(History):
    """A user's history at one moment.

    Attributes:
        seen: Transactions, newest first.
        means: Rolling features, oldest first.
        windows: Tumbling windows, newest first.
    """

    seen: tuple[Seen, ...] = ()
    means: tuple[RollingRow, ...] = ()
    windows: tuple[WindowRow, ...] = ()


class HistoryState:
    """Collects a user's history; not thread-safe.

    Duplicates change nothing: a transaction is identified by all of its fields, a result by its
    time and its numbers.

    Args:
        until: The last moment of event time that counts; None for no last one.
    """

    def __init__(self, until: datetime | None = None) -> None:
        self._until = until or datetime.max
        self._clear()

    def _clear(self) -> None:
        self._transactions: OrderedDict[Transaction, None] = OrderedDict()
        self._means: OrderedDict[RollingRow, None] = OrderedDict()
        self._windows: dict[tuple[datetime, datetime], WindowRow] = {}
        self._flagged = self._total = self._read = 0
        self._caught_up = False

    def apply(self, batch: HistoryBatch) -> None:
        if batch.recreated:
            self._clear()
        self._read += batch.read
        self._caught_up = self._caught_up or (batch.lag == 0 and not batch.error)
        for row in batch.transactions:
            if row not in self._transactions and row.trans_date_trans_time <= self._until:
                self._transactions[row] = None
                self._total += 1
                self._flagged += bool(row.is_fraud)
        for mean in batch.means:
            if mean.trans_date_trans_time <= self._until:
                self._means[mean] = None
        for window in (each for each in batch.windows if each.window_end <= self._until):
            self._windows[window.window_end, window.window_start] = window
        for rows in (self._transactions, self._means):
            while len(rows) > MOST_ROWS:
                rows.popitem(last=False)
        while len(self._windows) > MOST_WINDOWS:
            del self._windows[min(self._windows)]

    def history(self, error: str, now: float) -> UserHistory:
        means = sorted(self._means, key=lambda row: row.trans_date_trans_time)
        by_time = {row.trans_date_trans_time: row for row in means}
        newest = sorted(self._transactions, key=lambda row: row.trans_date_trans_time, reverse=True)
        return UserHistory(
            seen=tuple(_with_mean(row, by_time) for row in newest),
            means=tuple(means),
            windows=tuple(window for _, window in sorted(self._windows.items(), reverse=True)),
            flagged=self._flagged,
            total=self._total,
            read=self._read,
            caught_up=self._caught_up,
            error=error,
            at=now,
        )


def _with_mean(row: Transaction, means: dict[datetime, RollingRow]) -> Seen:
    mean = means.get(row.trans_date_trans_time)
    if mean is None:
        return Seen(row)
    return Seen(row, mean.user_mean_trans_amt_last_360min, mean.user_trans_count_last_360min)
