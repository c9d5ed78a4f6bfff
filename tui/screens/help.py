"""The help: every key, made of the keymap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.keymap import CHAINS, KEYMAP, Scope, bindings
from tui.tones import Piece, Tone, content

_KEY_CELLS: Final = 20
_FIRST_COLUMN: Final = CHAINS[0]
_SECOND_COLUMN: Final = tuple(scope for scope in Scope if scope not in _FIRST_COLUMN)
_BY_WIDTH: Final = [(0, "-one-column"), (160, "-two-columns")]


class HelpScreen(ModalScreen[None]):
    """All keys by where they work, those of the dashboard first.

    Args:
        read_only: Whether keys that change something are left out.
    """

    BINDINGS = bindings(Scope.APP)
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH

    def __init__(self, *, read_only: bool = False) -> None:
        super().__init__()
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """Two blocks of text; they scroll when the terminal is small."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys (read-only)" if self._read_only else "Keys"
            box.border_subtitle = "esc closes"
            with Container(id="help-columns"):
                for scopes in (_FIRST_COLUMN, _SECOND_COLUMN):
                    yield Static(help_text(scopes, read_only=self._read_only))


def help_text(scopes: Sequence[Scope], *, read_only: bool = False) -> Content:
    """Every key of some scopes, under their headings.

    Args:
        scopes: In the order to show.
        read_only: Whether keys that change something are left out.
    """
    lines: list[list[Piece]] = []
    for scope in scopes:
        keys = [key for key in KEYMAP if key.scope is scope and not (read_only and key.changes)]
        if keys:
            lines.append([Piece(scope.value, Tone.STRONG)])
        lines += [
            [Piece(f"{key.shown:<{_KEY_CELLS}}", Tone.ACCENT), Piece(key.help)] for key in keys
        ]
        lines.append([])
    return Content("\n").join(content(line) for line in lines)
