"""The live screen of one user: amounts, rolling mean, windows and latest transactions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from textual import on
from textual.app import ComposeResult

from pipeline.model.held_tests import WantedTest
from pipeline.sources import TRANSACTION
from pipeline.text.words import counted
from tui.drawing import text
from tui.messages import OpenUser, WriteTest
from tui.screens.export.exporter import Export, ExportRows
from tui.streams.history import HistoryBatch, UserHistory
from tui.streams.sink_topics import ROLLING, TUMBLING
from tui.streams.user_feed import UserFeed

from .history_screen import HistoryScreen, how_many, why_no_results, why_nothing
from .time_plot import TimedValue, TimePlot
from .user_head import UserHead
from .user_tables import SEEN_COLUMNS, USER_WINDOW_COLUMNS, TransactionsTable, UserWindowsTable

OpenFeed = Callable[[int], UserFeed[HistoryBatch, UserHistory]]


class UserScreen(HistoryScreen[int, UserHistory]):
    """The screen of one of the tutorial's users.

    Args:
        user_id: The user's id.
        open_feed: Creates the thread that reads a user's history.
        users: The ids in the table of users, in its order.
        moment: The moment of event time to show the user at; None for now.
    """

    def __init__(
        self,
        user_id: int,
        open_feed: OpenFeed,
        users: Callable[[], Sequence[int]],
        moment: datetime | None = None,
    ) -> None:
        super().__init__(user_id, open_feed(user_id), users)
        self._moment = moment

    @property
    def user_id(self) -> int:
        return self._user

    def compose(self) -> ComposeResult:
        head, plot = UserHead(self._user, self._moment), TimePlot("Amounts", "amount")
        yield from self.laid_out(head, plot, UserWindowsTable(), TransactionsTable())

    def show_history(self, history: UserHistory, now: float) -> Mapping[str, tuple[str, str]]:
        self.query_one(UserHead).show_history(history, now)
        self.query_one(TransactionsTable).show_rows(history.seen, now, why_nothing(history))
        reason = why_no_results(history, "No closed window of this user yet.")
        self.query_one(UserWindowsTable).show_rows(history.windows, now, reason)
        return {
            "transactions": ("Transactions", how_many(len(history.seen), history.total)),
            "windows": ("Windows", text.integer(len(history.windows))),
        }

    def opened(self, user: int) -> OpenUser:
        return OpenUser(user)

    def action_hold(self) -> None:
        """Write a test of what the selected row is computed from."""
        focused = self.focused
        if isinstance(focused, UserWindowsTable) and (window := focused.selected) is not None:
            names = ("window_start", "window_end")
            feature, times = TUMBLING.feature, {name: getattr(window, name) for name in names}
        elif (seen := self.query_one(TransactionsTable).selected) is not None:
            feature = ROLLING.feature
            times = {TRANSACTION.time: seen.transaction.trans_date_trans_time}
        else:
            self.notify("There is no row to hold yet.")
            return
        row = {name: time.isoformat(" ") for name, time in times.items()}
        self.post_message(WriteTest(WantedTest(feature, {"user_id": str(self._user)} | row)))

    @on(TransactionsTable.ExportWanted)
    def _export(self, message: TransactionsTable.ExportWanted) -> None:
        history = self._feed.history
        seen, windows = history.seen, history.windows
        name = f"user-{self._user}"
        if isinstance(message.table, TransactionsTable):
            what = f"User {text.user(self._user).strip()}, {counted(len(seen), 'transaction')}"
            export = Export(what, name, len(seen), SEEN_COLUMNS, lambda: seen)
        else:
            what = f"User {text.user(self._user).strip()}, {counted(len(windows), 'window')}"
            name += "-windows"
            export = Export(what, name, len(windows), USER_WINDOW_COLUMNS, lambda: windows)
        self.post_message(ExportRows(export))

    def plot(self, history: UserHistory) -> None:
        def amounts(*, fraud: bool) -> list[TimedValue]:
            return [
                (seen.transaction.trans_date_trans_time, seen.transaction.amt)
                for seen in reversed(history.seen)
                if bool(seen.transaction.is_fraud) is fraud
            ]

        line = [
            (row.trans_date_trans_time, row.user_mean_trans_amt_last_360min)
            for row in history.means
        ]
        self.query_one(TimePlot).show(amounts(fraud=False), amounts(fraud=True), line)
