"""The help: every key of the keymap."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from textual import events
from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.drawing.tones import Piece, Tone, content
from tui.keymap import CHAINS, KEYMAP, Scope, bindings

_KEY_CELLS: Final = 20
_FIRST_COLUMN: Final = CHAINS[0]
_SECOND_COLUMN: Final = tuple(scope for scope in Scope if scope not in _FIRST_COLUMN)
_COLUMNS: Final = (_FIRST_COLUMN, _SECOND_COLUMN)
# Border, padding and scrollbar of the dialog.
_AROUND: Final = 9
_NARROWEST: Final = 40
_SIDE_BY_SIDE: Final = 160
_BY_WIDTH: Final = [(0, "-one-column"), (_SIDE_BY_SIDE, "-two-columns")]


class HelpScreen(ModalScreen[None]):
    """All keys by scope, those of the dashboard first.

    Args:
        read_only: Whether to omit keys that change something.
    """

    BINDINGS = bindings(Scope.APP)
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH

    def __init__(self, *, read_only: bool = False) -> None:
        super().__init__()
        self._read_only = read_only

    def compose(self) -> ComposeResult:
        """Show the title and the keys, which scroll in a small terminal."""
        with VerticalScroll(id="help") as box:
            box.border_title = "Keys (read-only)" if self._read_only else "Keys"
            box.border_subtitle = "esc closes"
            with Container(id="help-columns"):
                for scopes in _COLUMNS:
                    yield Static(help_text(scopes, read_only=self._read_only))

    def on_resize(self, event: events.Resize) -> None:
        """Wrap the lines to the new width."""
        width = event.size.width if event.size.width < _SIDE_BY_SIDE else None
        room = None if width is None else max(_NARROWEST, width * 96 // 100 - _AROUND)
        texts = zip(self.query("#help Static").results(Static), _COLUMNS, strict=True)
        for static, scopes in texts:
            static.update(help_text(scopes, read_only=self._read_only, width=room))


def help_text(
    scopes: Sequence[Scope], *, read_only: bool = False, width: int | None = None
) -> Content:
    """Return the keys of the scopes, under their headings.

    Args:
        scopes: The scopes, in the order to show.
        read_only: Whether to omit keys that change something.
        width: Width in cells to wrap descriptions at.
    """
    room = None if width is None else width - _KEY_CELLS
    lines: list[list[Piece]] = []
    for scope in scopes:
        keys = [key for key in KEYMAP if key.scope is scope and not (read_only and key.changes)]
        if keys:
            lines.append([Piece(scope.value, Tone.STRONG)])
        for key in keys:
            first, *others = [key.help] if room is None else wrap(key.help, room)
            lines.append([Piece(f"{key.shown:<{_KEY_CELLS}}", Tone.ACCENT), Piece(first)])
            lines += [[Piece(" " * _KEY_CELLS + other)] for other in others]
        lines.append([])
    return Content("\n").join(content(line) for line in lines)
