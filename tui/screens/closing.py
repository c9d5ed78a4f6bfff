"""The screen shown while the stack is stopping."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, bindings
from tui.screens.live_screen import LiveScreen
from tui.session.view import View


class ClosingScreen(LiveScreen, ModalScreen[None]):
    """Says that the stack is stopping, for how long, and how to quit without waiting."""

    BINDINGS = bindings(Scope.APP)

    def compose(self) -> ComposeResult:
        yield Static(id="closing")

    def draw(self, view: View) -> None:
        self.query_one("#closing", Static).update(
            content(
                [
                    Piece("Stopping the stack…", Tone.STRONG),
                    Piece(f"  {view.now - view.since:.0f} s\n\n", Tone.QUIET),
                    Piece("The jobs' state is saved. ", Tone.QUIET),
                    Piece("ctrl+q", Tone.TITLE),
                    Piece(" quits at once;\nthe stack then stops by itself.", Tone.QUIET),
                ]
            )
        )
