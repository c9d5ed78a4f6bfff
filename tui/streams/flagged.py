"""The latest flagged transactions, each with its user's rolling feature at its event time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime

from pipeline.model import RollingRow
from tui.table.query import Page, Query, select

from .fields import FLAGGED_FIELDS
from .snapshot import Flagged

Place = tuple[int, int]
Moment = tuple[int, datetime]
Mean = tuple[float, int]


class FlaggedBuffer:
    """A bounded number of flagged transactions; the oldest goes first.

    Args:
        limit: Flagged transactions to keep.
        users: Users and identities to remember.
    """

    def __init__(self, limit: int, users: int) -> None:
        self._limit = limit
        self._users = users
        self._rows: OrderedDict[Place, Flagged] = OrderedDict()
        # A result of the rolling feature waits for the watermark, so it comes after the flag.
        self._without_mean: dict[Moment, list[Place]] = {}
        # While history is read, topics come in no order: it may also come before.
        self._past_means: OrderedDict[Moment, Mean] = OrderedDict()
        self._seen: OrderedDict[int, None] = OrderedDict()
        self._flags: OrderedDict[int, int] = OrderedDict()
        self._page: Page[Flagged] | None = None
        self._page_limit: int | None = None
        self.total = 0

    def apply(
        self, rows: Iterable[Flagged], mean_at: Callable[[int, datetime], Mean | None]
    ) -> list[int]:
        """Take in flagged transactions.

        Args:
            rows: As they came.
            mean_at: A user's latest mean and count, if they are of that event time.

        Returns:
            The users that have more flags now.
        """
        users = []
        for row in rows:
            # A job that restarts may write a transaction twice, under another offset: only the
            # whole content tells, since `trans_num` is not unique.
            identity = hash(row.transaction)
            if identity in self._seen:
                continue
            self._seen[identity] = None
            user, time = moment = (row.transaction.user_id, row.transaction.trans_date_trans_time)
            mean = mean_at(user, time) or self._past_means.get(moment)
            place = row.place
            self._rows[place] = replace(row, mean=mean[0], count=mean[1]) if mean else row
            if mean is None:
                self._without_mean.setdefault(moment, []).append(place)
            self.total += 1
            self._page = None
            self._flags[user] = self._flags.get(user, 0) + 1
            self._flags.move_to_end(user)
            users.append(user)
        self._bound()
        return users

    def apply_rolling(self, rows: Iterable[RollingRow], *, past: bool) -> None:
        """Find the flagged transactions that these results belong to."""
        waiting = self._without_mean
        for row in rows:
            moment = (row.user_id, row.trans_date_trans_time)
            mean = (row.user_mean_trans_amt_last_360min, row.user_trans_count_last_360min)
            for place in waiting.pop(moment, ()):
                if place in self._rows:
                    self._rows[place] = replace(self._rows[place], mean=mean[0], count=mean[1])
                    self._page = None
            if past:
                self._past_means[moment] = mean
        while len(self._past_means) > self._users:
            self._past_means.popitem(last=False)
        if not past:
            self._past_means.clear()

    def flags(self, user_id: int) -> int:
        """Flagged transactions of a user."""
        return self._flags.get(user_id, 0)

    def page(self, query: Query, limit: int | None) -> Page[Flagged]:
        """The first that a query finds; newest first when it does not say.

        The same object as long as nothing has changed, so that nobody draws it again.
        """
        page = self._page
        if page is None or (page.query, self._page_limit) != (query, limit):
            rows = reversed(self._rows.values())
            page = self._page = select(rows, query, FLAGGED_FIELDS, limit)
            self._page_limit = limit
        return page

    def _bound(self) -> None:
        while len(self._rows) > self._limit:
            place, row = self._rows.popitem(last=False)
            moment = (row.transaction.user_id, row.transaction.trans_date_trans_time)
            if place in self._without_mean.get(moment, ()):
                del self._without_mean[moment]
        for seen in (self._seen, self._flags):
            while len(seen) > self._users:
                seen.popitem(last=False)
