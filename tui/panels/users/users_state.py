"""The latest rolling feature of each user, in columns, so that 100,000 users are sorted quickly."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import islice
from math import isnan
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from pipeline.contract import RollingRow, Transaction
from tui.panels.tabs import Tabs
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import FLAGGED, ROLLING
from tui.streams.source import Batch
from tui.streams.store import Store
from tui.streams.unseen import Unseen
from tui.table.filter import COMPARISONS, Term
from tui.table.query import Page, Query

from .user_row import USER_COLUMNS, UserRow
from .users_panel import USERS

TREND: Final = 10
_FIRST_CAPACITY: Final = 1_024
# So many at a time that the search for users to drop does not run at every new user.
_FORGOTTEN_SHARE: Final = 16
_EPOCH: Final = datetime(1970, 1, 1)
_DEFAULT_SORT: Final = "seen"

Slots = npt.NDArray[np.intp]


class UsersState(PanelState[Page[UserRow]]):
    """A bounded number of users; those without an update for longest are dropped first.

    Args:
        limit: Users to hold.
        most: Rows to show.
    """

    def __init__(self, limit: int, most: int) -> None:
        self._limit = limit
        self._most = most
        self._unseen_flags = Unseen(limit)
        # Includes users without a feature yet.
        self._flags_by_user: OrderedDict[int, int] = OrderedDict()
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        # Rebuilt only when users are added or dropped; other threads may read it at any time.
        self._all_slots: Slots | None = None
        self._merchants: list[str] = []
        self._ids = np.zeros(0, np.int64)
        self._means = np.zeros(0, np.float64)
        self._counts = np.zeros(0, np.int64)
        self._flags = np.zeros(0, np.int64)
        self._amounts = np.zeros(0, np.float64)
        self._seen_ms = np.zeros(0, np.int64)
        self._updated = np.zeros(0, np.float64)
        self._heard = np.zeros(0, np.int64)
        self._rows_heard = 0
        self._trends = np.zeros((0, TREND), np.float32)
        self._trend_ends = np.zeros(0, np.int64)
        self._page: Page[UserRow] | None = None
        self._truncated = False

    def apply(self, batch: Batch, now: float) -> None:
        self._apply_transactions(batch.transactions)
        if rolling := batch.rows(ROLLING):
            self._apply_rolling(rolling, batch.came_at([ROLLING.topic], now))
        for placed in batch.rows(FLAGGED):
            if self._unseen_flags.add(placed.row):
                self._note_flag(placed.row.user_id)

    def containing(self, text: str, most: int) -> list[int]:
        """Return at most `most` users whose id contains these digits."""
        return list(islice((user for user in self._slots if text in str(user)), most))

    @property
    def buffered(self) -> Mapping[str, int]:
        return {ROLLING.feature: int(np.count_nonzero(self._counts[self._slots_array()]))}

    def _apply_transactions(self, rows: Iterable[Transaction]) -> None:
        """Record each user's last transaction, even before the user has a feature."""
        for row in rows:
            slot = self._slots.get(row.user_id)
            if slot is None:
                slot = self._new_slot(row.user_id)
            self._page = None
            self._amounts[slot] = row.amt
            self._merchants[slot] = row.merchant

    def _apply_rolling(self, rows: Iterable[RollingRow], now: float) -> None:
        """Add rows; one older than the user's latest changes nothing."""
        for row in rows:
            slot = self._slots.get(row.user_id)
            if slot is None:
                slot = self._new_slot(row.user_id)
            seen = _milliseconds(row.trans_date_trans_time)
            mean = row.user_mean_trans_amt_last_360min
            count = row.user_trans_count_last_360min
            if seen < self._seen_ms[slot]:
                continue
            self._rows_heard += 1
            self._heard[slot] = self._rows_heard
            if (
                seen == self._seen_ms[slot]
                and count == self._counts[slot]
                and mean == self._means[slot]
            ):
                continue  # A duplicate.
            self._page = None
            self._seen_ms[slot] = seen
            self._means[slot] = mean
            self._counts[slot] = count
            self._updated[slot] = now
            end = self._trend_ends[slot]
            self._trends[slot, end % TREND] = mean
            self._trend_ends[slot] = end + 1

    def _note_flag(self, user_id: int) -> None:
        flags = self._flags_by_user
        flags[user_id] = flags.get(user_id, 0) + 1
        flags.move_to_end(user_id)
        if len(flags) > self._limit:
            flags.popitem(last=False)
        slot = self._slots.get(user_id)
        if slot is not None:
            self._flags[slot] = flags[user_id]
            self._page = None

    def shown(self, query: Query, now: float) -> Page[UserRow]:
        """Return the first users of a query; latest event time first by default."""
        if self._page is None or self._page.query != query:
            self._page = self._new_page(query, self._most)
        return self._page

    def rows(self, query: Query) -> Iterable[UserRow]:
        """Return all users of a query."""
        return self._new_page(query, None).rows

    def _new_page(self, query: Query, limit: int | None) -> Page[UserRow]:
        slots = self._slots_array()
        # The rolling feature counts the transaction itself, so 0 means that it is not known yet.
        everyone = slots[self._counts[slots] > 0]
        found = self._found(everyone, query)
        first = self._first(found, query.sort or _DEFAULT_SORT, query.descending, limit)
        return Page(
            tuple(self._rows(first)),
            matched=len(found),
            total=len(everyone),
            truncated=self._truncated,
            query=query,
        )

    def _found(self, found: Slots, query: Query) -> Slots:
        slow: list[Term] = []
        for term in query.filter.terms:
            column = self._numbers(term.field)
            if column is None or term.number is None or term.op not in COMPARISONS:
                slow.append(term)
                continue
            passes = np.asarray(COMPARISONS[term.op](column[found], term.number), bool)
            found = found[passes != term.negated]
        if slow:
            found = np.array(
                [
                    slot
                    for slot, row in zip(found.tolist(), self._rows(found), strict=True)
                    if all(term.holds(USER_COLUMNS.getter(row)(term.field)) for term in slow)
                ],
                np.intp,
            )
        return found

    def _first(self, found: Slots, sort: str, descending: bool, limit: int | None) -> Slots:
        keys = self._sort_keys(sort)[found]
        if limit is not None and len(found) > limit:
            # Only the visible rows have to be sorted.
            nth = len(found) - limit if descending else limit
            parted = np.argpartition(keys, nth)
            chosen = parted[nth:] if descending else parted[:nth]
            found, keys = found[chosen], keys[chosen]
        order = np.lexsort((self._ids[found], keys))
        ordered: Slots = found[order[::-1] if descending else order]
        return ordered

    def _numbers(self, name: str) -> npt.NDArray[Any] | None:
        columns = {
            "user": self._ids,
            "mean": self._means,
            "count": self._counts,
            "flags": self._flags,
            "amount": self._amounts,
        }
        return columns.get(name)

    def _sort_keys(self, name: str) -> npt.NDArray[Any]:
        column = self._numbers(name)
        if column is not None:
            return np.nan_to_num(column, nan=-np.inf) if name == "amount" else column
        if name == "merchant":
            return np.array(self._merchants)
        return self._updated if name == "updated" else self._seen_ms

    def _rows(self, slots: Slots) -> list[UserRow]:
        ends = self._trend_ends[slots]
        # Each user's ring buffer, rotated so that the oldest mean comes first.
        turned = (ends[:, None] + np.arange(TREND)) % TREND
        trends = np.take_along_axis(self._trends[slots], turned, axis=1).tolist()
        columns = zip(
            slots.tolist(),
            self._ids[slots].tolist(),
            self._means[slots].tolist(),
            self._counts[slots].tolist(),
            self._seen_ms[slots].tolist(),
            self._flags[slots].tolist(),
            self._updated[slots].tolist(),
            self._amounts[slots].tolist(),
            ends.tolist(),
            trends,
            strict=True,
        )
        return [
            UserRow(
                user_id=user,
                mean=mean,
                count=count,
                last_seen=_EPOCH + timedelta(milliseconds=seen),
                flags=flags,
                updated_at=updated,
                amount=None if isnan(amount) else amount,
                merchant=self._merchants[slot],
                trend=tuple(trend[max(0, TREND - end) :]),
            )
            for slot, user, mean, count, seen, flags, updated, amount, end, trend in columns
        ]

    def _slots_array(self) -> Slots:
        if self._all_slots is None:
            self._all_slots = np.fromiter(self._slots.values(), np.intp, len(self._slots))
        return self._all_slots

    def _new_slot(self, user_id: int) -> int:
        if len(self._slots) >= self._limit:
            self._forget()
        if not self._free:
            self._grow()
        slot = self._free.pop()
        self._slots[user_id] = slot
        self._all_slots = None
        self._ids[slot] = user_id
        self._flags[slot] = self._flags_by_user.get(user_id, 0)
        self._counts[slot] = self._trend_ends[slot] = 0
        self._heard[slot] = self._rows_heard
        self._amounts[slot] = np.nan
        self._seen_ms[slot] = np.iinfo(np.int64).min
        self._merchants[slot] = ""
        return slot

    def _forget(self) -> None:
        slots = self._slots_array()
        share = max(1, len(slots) // _FORGOTTEN_SHARE)
        oldest = slots[np.argpartition(self._heard[slots], share - 1)[:share]]
        for slot, user in zip(oldest.tolist(), self._ids[oldest].tolist(), strict=True):
            del self._slots[user]
            self._free.append(slot)
        self._all_slots = None
        self._truncated = True

    def _grow(self) -> None:
        before = len(self._ids)
        capacity = max(_FIRST_CAPACITY, before * 2)

        def grown(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
            larger = np.zeros((capacity, *column.shape[1:]), column.dtype)
            larger[:before] = column
            return larger

        self._ids, self._means = grown(self._ids), grown(self._means)
        self._counts, self._flags = grown(self._counts), grown(self._flags)
        self._amounts, self._seen_ms = grown(self._amounts), grown(self._seen_ms)
        self._updated, self._trends = grown(self._updated), grown(self._trends)
        self._trend_ends, self._heard = grown(self._trend_ends), grown(self._heard)
        self._merchants += [""] * (capacity - before)
        self._free += range(capacity - 1, before - 1, -1)


def _milliseconds(time: datetime) -> int:
    since: timedelta = time - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1_000 + since.microseconds // 1_000


def containing(store: Store, text: str, most: int) -> list[int]:
    """Return at most `most` users of a store whose id contains these digits."""
    users = store.state(USERS)
    rolling = users.states.get(ROLLING.feature) if isinstance(users, Tabs) else None
    return rolling.containing(text, most) if isinstance(rolling, UsersState) else []
