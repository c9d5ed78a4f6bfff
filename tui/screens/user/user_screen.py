"""The live screen of one user: amounts, rolling mean, windows and latest transactions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Footer

from pipeline.model.held_tests import WantedTest
from pipeline.sources import TRANSACTION
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.messages import OpenUser, WriteTest
from tui.screens.export.exporter import Export, ExportRows
from tui.session.view import View
from tui.streams.history import HistoryBatch, UserHistory
from tui.streams.sink_topics import ROLLING, TUMBLING
from tui.streams.user_feed import UserFeed
from tui.widgets.titles import Title, TitleLine

from .history_screen import HistoryScreen, how_many, why_nothing
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
        self._drawn: UserHistory | None = None

    @property
    def user_id(self) -> int:
        return self._user

    def compose(self) -> ComposeResult:
        """Lay out the user's head, the plot, windows and transactions."""
        yield UserHead(self._user, self._moment)
        with Container(id="user-body"):
            yield TimePlot("Amounts", "amount")
            with Vertical(id="user-windows-panel"):
                yield TitleLine(classes="windows")
                yield UserWindowsTable()
            with Vertical(id="user-transactions-panel"):
                yield TitleLine(classes="transactions")
                yield TransactionsTable()
        yield Footer(show_command_palette=False)

    def draw(self, view: View) -> None:
        history, now = self._feed.history, view.now
        self.query_one(UserHead).show_history(history, now)
        reason = why_nothing(history)
        self.query_one(TransactionsTable).show_rows(history.seen, now, reason)
        self.query_one(UserWindowsTable).show_rows(history.windows, now, _why_no_windows(history))
        note = how_many(len(history.seen), history.total)
        focused = self.focused.id if self.focused is not None else ""
        for name, panel, count in (
            ("Transactions", "transactions", note),
            ("Windows", "windows", text.integer(len(history.windows))),
        ):
            title = Title(panel, "", name, count, focused=focused == f"user-{panel}")
            self.query_one(f"TitleLine.{panel}", TitleLine).titles = (title,)
        if history is not self._drawn:
            self._drawn = history
            self._plot(history)

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

    def _plot(self, history: UserHistory) -> None:
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


def _why_no_windows(history: UserHistory) -> tuple[Piece, ...]:
    if history.error or not history.caught_up:
        return ()
    return (Piece("No closed window of this user yet.", Tone.WAITS),)
