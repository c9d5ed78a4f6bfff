"""One user's history without Kafka."""

from __future__ import annotations

import threading
from collections import deque
from datetime import timedelta

import msgspec

from pipeline.contract import RollingRow, WindowRow
from tests.idle import DEADLINE_SECONDS
from tui.streams.history import HistoryBatch
from tui.streams.own_history import OwnHistoryBatch

from .sample_rows import EVENT_TIME, transaction, window_row

HistoryPart = HistoryBatch | Exception | threading.Event


class FakeHistory:
    """A user's history: one day, unless other parts are passed.

    An exception is raised; what comes after an event is only there once that is set.
    """

    def __init__(self, user_id: int, *batches: HistoryPart) -> None:
        self.user_id = user_id
        self._batches = deque(batches or [history_batch(user_id)])

    def poll(self) -> HistoryBatch:
        if not self._batches:
            threading.Event().wait(0.005)
            return HistoryBatch(lag=0)
        batch = self._batches.popleft()
        if isinstance(batch, threading.Event):
            batch.wait(DEADLINE_SECONDS)
            return self.poll()
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self) -> None:
        pass


def history_batch(user_id: int) -> HistoryBatch:
    """A day of a user: forty transactions, three of them flagged, and their features."""
    rows = [
        transaction(
            number,
            user_id=user_id,
            trans_date_trans_time=EVENT_TIME - timedelta(minutes=31 * number),
            is_fraud=int(number in (3, 4, 17)),
            first="Jennifer",
            last="Banks",
        )
        for number in range(40)
    ]
    means = []
    for row in rows:
        since = row.trans_date_trans_time - timedelta(hours=6)
        last = [
            other.amt
            for other in rows
            if since <= other.trans_date_trans_time <= row.trans_date_trans_time
        ]
        means.append(
            RollingRow(user_id, sum(last) / len(last), len(last), row.trans_date_trans_time)
        )
    windows = [replace_user(window_row(number, number), user_id) for number in range(4)]
    return HistoryBatch(transactions=rows, means=means, windows=windows, read=8_400, lag=0)


def replace_user(row: WindowRow, user_id: int) -> WindowRow:
    return msgspec.structs.replace(row, user_id=user_id)


class FakeOwnHistory:
    """A user's history in a stream of the user's own: a batch, or an exception that is raised."""

    def __init__(self, user: str, *batches: OwnHistoryBatch | Exception) -> None:
        self.user = user
        self._batches = deque(batches)

    def poll(self) -> OwnHistoryBatch:
        if not self._batches:
            threading.Event().wait(0.005)
            return OwnHistoryBatch(lag=0)
        batch = self._batches.popleft()
        if isinstance(batch, Exception):
            raise batch
        return batch

    def close(self) -> None:
        pass
