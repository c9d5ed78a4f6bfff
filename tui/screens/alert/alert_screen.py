"""The screen of one alert, on which it is decided; then the next open one follows by itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from operator import is_not
from typing import Any, Final

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from pipeline.labels.verdict import Decision, Subject
from pipeline.model.reading import Last
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, inner_bindings
from tui.panels.opened_user import opened_user
from tui.panels.signals.signal_row import SignalRow, identity_shown, user_of
from tui.panels.signals.signals_panel import SIGNALS
from tui.screens.live_screen import LiveScreen
from tui.session.read_only import Guarded
from tui.session.session import Session
from tui.session.view import View
from tui.streams.sink_topics import SinkTopic, Values
from tui.streams.tail_feed import TailFeed
from tui.streams.tail_source import Tails
from tui.table.filter import Filter, parse
from tui.table.layout import fit
from tui.widgets.header import Header
from tui.widgets.titles import Title, TitleLine

from .alert_text import facts, inputs, reasons, state, subject_words
from .history_table import HistoryTable, rows_of
from .note_dialog import NoteDialog

# Among so many records of the signal, the newest, those of the user are looked for.
_PAST: Final = Last(200_000)
_BY_WIDTH: Final = [(0, "-narrow"), (120, "-wide")]


class AlertScreen(Guarded, LiveScreen):
    """One alert of the signal that the panel Signals shows.

    Args:
        session: The session with the signal.
        tails: Opens the signal's topic.
        row: The alert.
    """

    CSS_PATH = "alert.tcss"
    BINDINGS = inner_bindings(Scope.ALERT)
    AUTO_FOCUS = "HistoryTable"
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH

    def __init__(
        self, session: Session, tails: Tails, sink: SinkTopic[Values], row: SignalRow
    ) -> None:
        super().__init__()
        self._session = session
        self._tails = tails
        self._sink = sink
        self._row = row
        self._claimed: Subject | None = None
        self._last: SignalRow | None = None
        self._feed = self._history_of(row)
        # The records and alerts of the last draw, and the history that they make.
        self._decoded: tuple[tuple[Any, ...], list[SignalRow]] | None = None

    def compose(self) -> ComposeResult:
        """Lay out the alert, its reasons and inputs, and the user's history."""
        yield Header().data_bind(AlertScreen.view)
        yield TitleLine()
        yield Static(id="alert-head")
        with Container(id="alert-body"):
            with VerticalScroll(id="alert-why", can_focus=False):
                yield Static(id="alert-reasons")
                yield Static(id="alert-inputs")
            yield HistoryTable(self._sink)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._feed.start()

    def on_unmount(self) -> None:
        self._feed.stop()
        self._release()

    def draw(self, view: View) -> None:
        rows = self._listed
        # What is known of it changes; an alert that is no longer listed stays as it was.
        self._row = next((each for each in rows if each.identity == self._row.identity), self._row)
        row = self._row
        name = f"Alert of {text.clean(self._sink.feature)}"
        title = Title("alert", "", name, subject_words(rows, row))
        self.query_one(TitleLine).titles = (title,)
        lines = (facts(row, self._sink), state(row, self._session.signals.analyst, view.now))
        head = self.query_one("#alert-head", Static)
        head.update(_lines(fit(line, head.content_size.width, right=False) for line in lines))
        why = self.query_one("#alert-why")
        self.query_one("#alert-reasons", Static).update(_lines(reasons(row, self._sink)))
        width = why.scrollable_content_region.width
        self.query_one("#alert-inputs", Static).update(_lines(inputs(row, self._sink, width)))
        table = self.query_one(HistoryTable)
        table.mark(row.identity)
        table.show_rows(self._history(), view.now, self._why_no_history())

    def action_confirm(self) -> None:
        """Say that it is fraud, and go to the next open alert."""
        self._decide(Decision.FRAUD)

    def action_dismiss_alert(self) -> None:
        """Say that it is legitimate, with a note, and go to the next open alert."""
        if self._is_free():
            self.app.push_screen(NoteDialog(), self._dismissed)

    def action_undo(self) -> None:
        """Take back the verdict on this alert, or else the last one given here."""
        row = self._row if self._row.known.verdict is not None else self._last
        if row is None:
            self.notify("There is no verdict to undo.")
            return
        self._last = None
        if row.identity != self._row.identity:
            self._release()
        self._session.signals.judge(self._subject(row), Decision.UNDONE)
        self._show(row)

    def action_take(self) -> None:
        """Tell others that you are looking at it, or no longer."""
        if self._claimed == self._subject(self._row):
            self._release()
        elif self._is_free():
            self._claim()

    def action_neighbour(self, step: int) -> None:
        """Go to the next or the previous alert of the table, cyclically."""
        rows = self._listed
        at = next((n for n, row in enumerate(rows) if row.identity == self._row.identity), -step)
        if not rows or (len(rows) == 1 and rows[0].identity == self._row.identity):
            self.notify("There is no other alert in the table.")
            return
        self._release()
        self._show(rows[(at + step) % len(rows)])

    def action_user(self) -> None:
        """Open the screen of the user, or for other sources than the tutorial's the records."""
        if (message := opened_user(self._sink, self._row.values)) is not None:
            self.post_message(message)

    def action_scroll(self, lines: int) -> None:
        """Scroll the reasons and inputs."""
        self.query_one("#alert-why").scroll_relative(y=lines, animate=False)

    def action_copy(self) -> None:
        """Copy the identity of the record, as it is shown."""
        shown = identity_shown(self._row.identity, self._sink)
        self.app.copy_to_clipboard(shown)
        self.notify(f"Copied {shown}", markup=False)

    def _dismissed(self, note: str | None) -> None:
        if note is not None:
            self._decide(Decision.LEGITIMATE, note)

    def _decide(self, decision: Decision, note: str = "") -> None:
        if not self._is_free():
            return
        self._session.signals.judge(self._subject(self._row), decision, note)
        self._last, self._claimed = self._row, None
        following = self._next_open()
        if following is None:
            self.notify("No other alert in the table is open.")
            return
        self._show(following)
        self._claim()

    def _is_free(self) -> bool:
        """Whether nobody else is looking at it; says who is."""
        holder = self._row.known.claimed_by(self.view.now)
        if holder in ("", self._session.signals.analyst):
            return True
        who = text.clean(holder)
        self.notify(f"{who} is looking at this alert; > goes to the next one.", markup=False)
        return False

    def _next_open(self) -> SignalRow | None:
        """Return the first alert below this one, or else from the top, that nobody has decided."""
        rows, me = self._listed, self._session.signals.analyst
        at = next((n for n, row in enumerate(rows) if row.identity == self._row.identity), -1)
        for row in (*rows[at + 1 :], *rows[: max(0, at)]):
            taken = row.known.claimed_by(self.view.now) not in ("", me)
            if row.identity and row.known.verdict is None and not taken:
                return row
        return None

    def _claim(self) -> None:
        self._claimed = self._subject(self._row)
        self._session.signals.judge(self._claimed, Decision.CLAIMED)

    def _release(self) -> None:
        if self._claimed is not None:
            self._session.signals.judge(self._claimed, Decision.RELEASED)
            self._claimed = None

    def _show(self, row: SignalRow) -> None:
        """Show another alert."""
        if row.identity != self._row.identity:
            self._feed.stop()
            self._feed = self._history_of(row)
            self._feed.start()
        self._row = row
        self.redraw()

    def _history_of(self, row: SignalRow) -> TailFeed:
        user = user_of(row, self._sink)
        wanted = Filter()
        if self._sink.user is not None and user is not None:
            wanted = parse(f"{self._sink.user}={shlex.quote(str(user))}")
        topic = self._tails.name_of(self._sink.topic)
        return TailFeed(self._tails, topic, _PAST, wanted, self._session.clock)

    def _history(self) -> list[SignalRow]:
        """Return the rows of the user; decoded again only when there are others."""
        key = self._feed.snapshot.records, self.view.data.of(SIGNALS).rows
        if self._decoded is None or any(map(is_not, key, self._decoded[0])):
            self._decoded = key, rows_of(key[0], self._sink, self._listed)
        return self._decoded[1]

    def _subject(self, row: SignalRow) -> Subject:
        user = user_of(row, self._sink)
        return Subject(
            identity=row.identity,
            source=self._sink.source,
            signal=self._sink.feature,
            user="" if user is None else str(user),
            score=row.score,
        )

    def _why_no_history(self) -> Sequence[Piece]:
        tail = self._feed.snapshot
        if tail.error:
            return (Piece(text.clean(f"Kafka: {tail.error}"), Tone.DANGER),)
        looked = counted(tail.read, "row")
        if tail.lag is None or tail.lag:
            return (Piece(f"Reading the user's history: {looked} so far…", Tone.WAITS),)
        return (Piece(f"None of the last {looked} in Kafka belongs to this user.", Tone.WAITS),)

    @property
    def _listed(self) -> Sequence[SignalRow]:
        """The alerts of the table, in its order, that have an identity."""
        rows: Sequence[SignalRow] = self.view.data.of(SIGNALS).rows
        return [row for row in rows if row.identity]


def _lines(lines: Iterable[Sequence[Piece]]) -> Content:
    return Content("\n").join(content(line) for line in lines)
