"""The meaning of a piece of text; the theme decides on its colour."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple

from textual.content import Content


class Tone(StrEnum):
    """The meanings that colours have; each value is a Textual style.

    A `$…-tone` may be more than a colour in some themes: bold, underlined, reversed.
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
        is_name: Whether it is cut in the middle, since related names begin alike.
        shorter: Texts that say less, the longest first; where the text does not fit, the first of
            them that does stands in for it.
    """

    text: str
    tone: Tone = Tone.PLAIN
    is_name: bool = False
    shorter: tuple[str, ...] = ()


def content(pieces: Iterable[Piece]) -> Content:
    """Join the pieces into one line; the text is never parsed as markup."""
    return Content.assemble(*((piece.text, piece.tone.value) for piece in pieces))
