"""What the screens of one user have in common: a feed, a place among the others, and the layout."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Footer

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.keymap import Scope, inner_bindings
from tui.screens.live_screen import LiveScreen
from tui.session.read_only import Guarded
from tui.session.view import View
from tui.streams.user_feed import History, UserFeed
from tui.table.live_table import LiveTable
from tui.widgets.titles import Title, TitleLine

from .history_head import HistoryHead
from .time_plot import TimePlot

_BY_WIDTH: Final = [(0, "-narrow"), (110, "-wide")]

HistoryT = TypeVar("HistoryT", bound=History)
UserT = TypeVar("UserT", bound=int | str)


class HistoryScreen(Guarded, LiveScreen, Generic[UserT, HistoryT]):
    """The screen of one user.

    Args:
        user: The user.
        feed: The thread that reads the user's history.
        users: Returns the users in the table of users, in its order.
    """

    CSS_PATH = "user.tcss"
    BINDINGS = inner_bindings(Scope.USER)
    AUTO_FOCUS = "#user-transactions"
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH

    def __init__(
        self, user: UserT, feed: UserFeed[Any, HistoryT], users: Callable[[], Sequence[UserT]]
    ) -> None:
        super().__init__()
        self._user = user
        self._feed = feed
        self._users = users
        self._drawn: HistoryT | None = None

    @property
    def history(self) -> HistoryT:
        return self._feed.history

    def on_mount(self) -> None:
        self._feed.start()

    def on_unmount(self) -> None:
        self._feed.stop()

    def laid_out(
        self,
        head: HistoryHead[HistoryT],
        plot: TimePlot,
        results: LiveTable[Any],
        records: LiveTable[Any],
    ) -> ComposeResult:
        """Lay out the user's head, the plot, what features say, and records."""
        yield head
        with Container(id="user-body"):
            yield plot
            for panel, table in (("windows", results), ("transactions", records)):
                with Vertical(id=f"user-{panel}-panel"):
                    yield TitleLine(classes=panel)
                    yield table
        yield Footer(show_command_palette=False)

    def draw(self, view: View) -> None:
        history = self.history
        focused = self.focused.id if self.focused is not None else ""
        for panel, (name, count) in self.show_history(history, view.now).items():
            title = Title(panel, "", name, count, focused=focused == f"user-{panel}")
            self.query_one(f"TitleLine.{panel}", TitleLine).titles = (title,)
        if history is not self._drawn:
            self._drawn = history
            self.plot(history)

    @abstractmethod
    def show_history(self, history: HistoryT, now: float) -> Mapping[str, tuple[str, str]]:
        """Show a history, and return the title and the count of each panel."""

    @abstractmethod
    def plot(self, history: HistoryT) -> None:
        """Draw the amounts of a history."""

    @abstractmethod
    def opened(self, user: UserT) -> Message:
        """Return the message that opens another user."""

    def action_neighbour(self, step: int) -> None:
        """Go to the next or the previous user of the table, cyclically."""
        users = self._users()
        if not users or users == [self._user]:
            self.notify("There is no other user in the table.")
            return
        at = users.index(self._user) + step if self._user in users else 0
        self.post_message(self.opened(users[at % len(users)]))

    def action_copy(self) -> None:
        self.app.copy_to_clipboard(str(self._user))
        self.notify(f"Copied {self._user}")


def why_nothing(history: History) -> tuple[Piece, ...]:
    """Explain why no record of the user is shown."""
    if history.error:
        return (Piece(text.clean(f"Kafka: {history.error}"), Tone.DANGER),)
    looked = counted(history.read, "record")
    if not history.caught_up:
        return (Piece(f"Reading the user's history: {looked} so far…", Tone.WAITS),)
    return (Piece(f"None of the last {looked} in Kafka belongs to this user.", Tone.WAITS),)


def why_no_results(history: History, said: str) -> tuple[Piece, ...]:
    """Say that features have written nothing of the user; the records say why nothing is read."""
    if history.error or not history.caught_up:
        return ()
    return (Piece(said, Tone.WAITS),)


def how_many(shown: int, total: int) -> str:
    """Say how many records of the user are shown."""
    return text.integer(total) if shown == total else f"last {shown} of {text.integer(total)}"
