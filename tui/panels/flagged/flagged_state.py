"""The latest flagged transactions, each with its user's rolling feature at its event time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from pipeline.contract import RollingRow, Transaction
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import FLAGGED, ROLLING, WithRecord
from tui.streams.source import Batch
from tui.streams.unseen import Unseen
from tui.table.query import Page, Query, select

from .flagged_row import FLAGGED_COLUMNS, Flagged

Place = tuple[int, int]
Moment = tuple[int, datetime]
Mean = tuple[float, int]

# As many as the console reads of a topic's past, where the topics arrive in no order.
_MEANS: Final = 20_000


class FlaggedState(PanelState[Page[Flagged]]):
    """A bounded buffer of flagged transactions; the oldest is dropped first.

    Args:
        limit: Size of the buffer.
        remembered: Transactions to remember, to detect duplicates.
        most: Rows to show.
    """

    def __init__(self, limit: int, remembered: int, most: int) -> None:
        self._limit = limit
        self._most = most
        self._rows: OrderedDict[Place, Flagged] = OrderedDict()
        # A result of the rolling feature waits for the watermark, so it mostly arrives after the
        # flag; one that arrived before is among the latest.
        self._without_mean: dict[Moment, list[Place]] = {}
        self._means: OrderedDict[Moment, Mean] = OrderedDict()
        self._unseen = Unseen(remembered)
        self._page: Page[Flagged] | None = None
        self._total = 0

    def apply(self, batch: Batch, _: float) -> None:
        self._apply_rolling(batch.rows(ROLLING))
        for placed in batch.rows(FLAGGED):
            if self._unseen.add(placed.row):
                self._add(placed)
        self._bound()

    def shown(self, query: Query, _: float) -> Page[Flagged]:
        """Return the first rows of a query; newest first by default."""
        if self._page is None or self._page.query != query:
            self._page = self._select(query, self._most)
        return self._page

    def rows(self, query: Query) -> Iterable[Flagged]:
        return self._select(query, None).rows

    @property
    def buffered(self) -> Mapping[str, int]:
        """The number of flagged transactions in the buffer."""
        return {FLAGGED.feature: len(self._rows)}

    @property
    def seen(self) -> Mapping[str, int]:
        return {FLAGGED.feature: self._total}

    def _select(self, query: Query, limit: int | None) -> Page[Flagged]:
        return select(reversed(self._rows.values()), query, FLAGGED_COLUMNS, limit)

    def _add(self, placed: WithRecord[Transaction]) -> None:
        transaction = placed.row
        moment = (transaction.user_id, transaction.trans_date_trans_time)
        row = Flagged(placed.record, transaction, *self._means.get(moment, ()))
        self._rows[row.place] = row
        if row.mean is None:
            self._without_mean.setdefault(moment, []).append(row.place)
        self._total += 1
        self._page = None

    def _apply_rolling(self, rows: Iterable[RollingRow]) -> None:
        """Add the results to the flagged transactions that they belong to."""
        for row in rows:
            moment = (row.user_id, row.trans_date_trans_time)
            mean = (row.user_mean_trans_amt_last_360min, row.user_trans_count_last_360min)
            for place in self._without_mean.pop(moment, ()):
                if place in self._rows:
                    self._rows[place] = replace(self._rows[place], mean=mean[0], count=mean[1])
                    self._page = None
            self._means[moment] = mean
        while len(self._means) > _MEANS:
            self._means.popitem(last=False)

    def _bound(self) -> None:
        while len(self._rows) > self._limit:
            place, row = self._rows.popitem(last=False)
            moment = (row.transaction.user_id, row.transaction.trans_date_trans_time)
            if place in self._without_mean.get(moment, ()):
                del self._without_mean[moment]
