"""The dialog that asks why an alert is dismissed."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.drawing.tones import Piece, Tone, content

_LONGEST = 500
_HINT = (Piece("Why, for the audit trail; it may stay empty.", Tone.QUIET),)


class NoteDialog(ModalScreen[str | None]):
    """Returns the note, which may be empty; None to decide nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, priority=True)]

    def compose(self) -> ComposeResult:
        """Lay out the input and what it is for."""
        with Vertical(classes="dialog") as box:
            box.border_title = "Dismiss the alert"
            box.border_subtitle = "enter dismisses it, esc goes back"
            yield Input(placeholder="note", compact=True, max_length=_LONGEST)
            yield Static(content(_HINT), id="note-hint")

    def action_leave(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    def _give(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())
