"""The dialog that asks for the time to read a topic from."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content

from .when import WhenError, parse_when

_HINT = (Piece("Times are UTC: 2026-11-24 03:00, 03:00 or 10 min ago.", Tone.QUIET),)


class WhenDialog(ModalScreen[int | None]):
    """Returns a time in milliseconds since the epoch, or None; stays open until it is valid.

    Args:
        clock: Seconds since the epoch.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False, priority=True)]

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self._clock = clock

    def compose(self) -> ComposeResult:
        """Lay out the input and its error."""
        with Vertical(id="when-box", classes="dialog") as box:
            box.border_title = "Read from a given time"
            box.border_subtitle = "enter reads, esc leaves"
            yield Input(placeholder="03:00", compact=True)
            yield Static(content(_HINT), id="when-hint")

    def action_leave(self) -> None:
        self.dismiss(None)

    @on(Input.Submitted)
    def _read(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            timestamp_ms = parse_when(event.value, self._clock())
        except WhenError as error:
            self._say(Piece(text.clean(str(error)), Tone.DANGER))
        else:
            self.dismiss(timestamp_ms)

    @on(Input.Changed)
    def _forgive(self) -> None:
        self._say(*_HINT)

    def _say(self, *pieces: Piece) -> None:
        self.query_one("#when-hint", Static).update(content(pieces))
