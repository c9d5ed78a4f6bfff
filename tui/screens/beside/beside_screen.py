"""The screen that compares a signal with another one, and makes one of them the live one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Footer, Static

from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, inner_bindings
from tui.panels.signals.signals_panel import SIGNALS
from tui.screens.commands.confirm import ConfirmScreen
from tui.screens.live_screen import LiveScreen
from tui.session.read_only import Guarded
from tui.session.session import Session
from tui.session.view import View
from tui.table.layout import fit
from tui.widgets.header import Header
from tui.widgets.titles import Title, TitleLine

from .beside_text import counts, history
from .comparing import Comparing
from .flips_table import FlipsTable

_CHANGES: Final = 4


class BesideScreen(Guarded, LiveScreen):
    """The signal that the panel Signals shows, beside another one on the same source.

    Args:
        session: The session with the signals.
        first: The signal.
        others: The signals to compare it with, at least one.
    """

    CSS_PATH = "beside.tcss"
    BINDINGS = inner_bindings(Scope.BESIDE)
    AUTO_FOCUS = "FlipsTable"

    def __init__(self, session: Session, first: str, others: Sequence[str]) -> None:
        super().__init__()
        self._session = session
        self._first = first
        self._others = tuple(others)
        self._comparing = self._compared()

    @property
    def _second(self) -> str:
        return self._others[0]

    def compose(self) -> ComposeResult:
        """Lay out the counts, the records on which they disagree, and the history."""
        yield Header().data_bind(BesideScreen.view)
        yield TitleLine()
        yield Static(id="beside-counts")
        yield FlipsTable()
        yield Static(id="beside-history")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._comparing.start()

    def on_unmount(self) -> None:
        self._comparing.stop()

    def draw(self, view: View) -> None:
        last, live = self._comparing.last, self._live(view)
        first, second = (
            f"{text.clean(name)}{' (live)' if name == live else ''}"
            for name in (self._first, self._second)
        )
        title = Title("beside", "", f"{first} beside {second}", "")
        if last.problem is not None:
            title = title.with_mistake(text.clean(last.problem))
        self.query_one(TitleLine).titles = (title,)
        table = self.query_one(FlipsTable)
        table.of(self._first, self._second)
        compared = last.value
        if compared is None:
            table.show_rows((), view.now, (Piece("Comparing…", Tone.WAITS),))
            return
        found = compared.comparison
        self._fill("#beside-counts", counts(found))
        self._fill("#beside-history", history(compared.standing.changes, _CHANGES))
        none = "They disagree on no record." if found.records else "No record has both scores yet."
        table.show_rows(found.flips, view.now, (Piece(none, Tone.WAITS),))

    def action_other(self) -> None:
        """Compare with the next signal."""
        if len(self._others) == 1:
            self.notify("There is no other signal on this source.")
            return
        self._others = (*self._others[1:], self._others[0])
        self._comparing.stop()
        self._comparing = self._compared()
        self._comparing.start()
        self.redraw()

    def action_promote(self) -> None:
        """Ask whether to make the second signal the live one; the first, if it already is."""
        live = self._live(self.view)
        chosen = self._first if self._second == live else self._second
        question = ConfirmScreen(
            f"Make {text.clean(chosen)} the live signal?",
            "Its alerts come first in Signals, here and in consoles that are opened later. The "
            "jobs of both go on. r takes it back.",
            "make it live",
        )
        self.app.push_screen(
            question, lambda sure: self._session.signals.promote(chosen) if sure else None
        )

    def action_roll_back(self) -> None:
        """Make live again what was live before."""
        self._session.signals.roll_back()

    def _live(self, view: View) -> str:
        tabs = SIGNALS.tabs_of(view.data)
        return next((tab.feature for tab in tabs if tab.live), "")

    def _compared(self) -> Comparing:
        return Comparing(self._session, self._first, self._second)

    def _fill(self, name: str, lines: Iterable[Sequence[Piece]]) -> None:
        widget = self.query_one(name, Static)
        width = widget.content_size.width
        fitted = (content(fit(line, width, right=False)) for line in lines)
        widget.update(Content("\n").join(fitted))
