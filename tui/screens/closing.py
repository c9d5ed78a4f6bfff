"""The screen shown while the stack is stopping."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, bindings
from tui.session.session import Session
from tui.session.view import View

_REFRESH_SECONDS: Final = 0.2


class ClosingScreen(ModalScreen[None]):
    """Says that the stack is stopping, for how long, and how to quit without waiting.

    Args:
        session: The session that is closing.
    """

    BINDINGS = bindings(Scope.APP)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def compose(self) -> ComposeResult:
        yield Static(id="closing")

    def on_mount(self) -> None:
        self._tick()
        self.set_interval(_REFRESH_SECONDS, self._tick)

    def _tick(self) -> None:
        view: View = self._session.view()
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
