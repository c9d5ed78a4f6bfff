"""The latest row of each user of one of the user's own features."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice

from pipeline import contract
from tui.panels.feature_columns import FeatureColumns
from tui.panels.tabs import Tabs
from tui.streams.panel_state import PanelState
from tui.streams.sink_topics import SinkTopic, Values, has_user
from tui.streams.source import Batch
from tui.streams.store import Store
from tui.table.query import Page, Query

from .latest_row import LatestRow
from .users_panel import USERS


class LatestRows(PanelState[Page[LatestRow]]):
    """A bounded number of rows; those without an update for longest are dropped first.

    Args:
        sink: The feature's sink topic.
        limit: Rows to hold.
        most: Rows to show.
    """

    def __init__(self, sink: SinkTopic[Values], limit: int, most: int) -> None:
        self._sink = sink
        self._limit = limit
        self._most = most
        names = [column.name for column in sink.columns]
        self._time = names.index(sink.time)
        self._user = names.index(sink.user) if sink.user in names else None
        self._keys = tuple(
            place
            for place, column in enumerate(sink.columns)
            if not column.computed and place != self._time and self._user in (None, place)
        )
        self._latest: OrderedDict[Values, Values] = OrderedDict()
        self._truncated = False
        self._page: Page[LatestRow] | None = None
        self._columns = FeatureColumns(sink.columns)

    def apply(self, batch: Batch, now: float) -> None:
        for values in batch.rows(self._sink):
            key = tuple(values[place] for place in self._keys)
            before = self._latest.get(key)
            if before is not None and _older(values[self._time], before[self._time]):
                continue
            self._latest[key] = values
            self._latest.move_to_end(key)
            self._page = None
            if len(self._latest) > self._limit:
                self._latest.popitem(last=False)
                self._truncated = True

    def shown(self, query: Query, now: float) -> Page[LatestRow]:
        """Return the first rows of a query; latest event time first by default."""
        if self._page is None or self._page.query != query:
            page = self._select(query, self._most)
            self._columns.fit(page.rows)
            self._page = replace(page, columns=self._columns.fitted)
        return self._page

    def rows(self, query: Query) -> Iterable[LatestRow]:
        return self._select(query, None).rows

    def containing(self, text: str) -> Iterator[tuple[str, str]]:
        """Yield the users of a source of one's own that contain a text, with the source's topic."""
        topic = self._sink.source
        if topic == contract.TRANSACTION_TOPIC or not has_user(self._sink):
            return
        for values in self._latest.values():
            user = None if self._user is None else values[self._user]
            if user is not None and text in str(user).lower():
                yield topic, str(user)

    @property
    def buffered(self) -> Mapping[str, int]:
        return {self._sink.feature: len(self._latest)}

    def _select(self, query: Query, most: int | None) -> Page[LatestRow]:
        rows = (
            LatestRow(key, values, self._user_id(values), self._user is not None)
            for key, values in self._latest.items()
        )
        found = self._columns.select(rows, query, self._sink.time, most)
        return replace(found, truncated=self._truncated)

    def _user_id(self, values: Values) -> int | None:
        if self._user is None or self._sink.source != contract.TRANSACTION_TOPIC:
            return None
        user = values[self._user]
        return user if isinstance(user, int) else None


def _older(time: datetime | None, than: datetime | None) -> bool:
    return time is not None and than is not None and time < than


def own_users(store: Store, text: str, most: int) -> list[tuple[str, str]]:
    """Return users of one's own streams that contain a text, in capital letters or not.

    Args:
        store: The store.
        text: The text.
        most: At most how many.

    Returns:
        The topic of the source and the user, of each.
    """
    users = store.state(USERS)
    states = users.states.values() if isinstance(users, Tabs) else ()
    lower = text.lower()
    found = (
        each
        for state in states
        if isinstance(state, LatestRows)
        for each in state.containing(lower)
    )
    return list(islice(dict.fromkeys(found), most))
