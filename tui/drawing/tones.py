"""What a piece of text means; the theme decides which colour that is."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from textual.content import Content


class Tone(StrEnum):
    """The meanings that colours have; each value is a Textual style.

    Those of `$…-tone` are more than a colour in some themes: bold, underlined, reversed.
    """

    PLAIN = "$foreground"
    STRONG = "bold $foreground"
    QUIET = "$quiet"
    LINE = "$line"
    ACCENT = "$accent-tone"
    TITLE = "bold $accent"
    WAITS = "$waits-tone"
    DANGER = "$danger-tone"


class Piece(NamedTuple):
    """A run of text of one tone. `text` must already be clean (see `tui.drawing.text.clean`).

    Attributes:
        text: The text.
        tone: What it means.
        is_name: Whether it is cut in the middle where it is too long: names of a kind begin alike.
    """

    text: str
    tone: Tone = Tone.PLAIN
    is_name: bool = False


def content(pieces: Iterable[Piece]) -> Content:
    """Make the pieces one line; never parsed as markup."""
    return Content.assemble(*((piece.text, piece.tone.value) for piece in pieces))
