"""The help: every key, made of the keymap."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keymap import KEYMAP, Scope, bindings
from tui.tones import Piece, Tone, content

_KEY_CELLS: Final = 10


class HelpScreen(ModalScreen[None]):
    """All keys by where they work."""

    BINDINGS = bindings(Scope.APP)

    def compose(self) -> ComposeResult:
        """One block of text; it scrolls when the terminal is short."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys"
            box.border_subtitle = "esc closes"
            yield Static(help_text())


def help_text() -> Content:
    """Every key of the keymap, under the heading of its scope."""
    lines: list[list[Piece]] = []
    for scope in Scope:
        lines += (
            [[], [Piece(scope.value, Tone.STRONG)]]
            if lines
            else [[Piece(scope.value, Tone.STRONG)]]
        )
        lines += [
            [Piece(f"{key.shown:<{_KEY_CELLS}}", Tone.ACCENT), Piece(key.help)]
            for key in KEYMAP
            if key.scope is scope
        ]
    return Content("\n").join(content(line) for line in lines)
