"""Drawing for terminals that draw characters of ambiguous width two cells wide.

In Unicode, lines, dots, arrows and the ellipsis have ambiguous width. Terminals set up for Chinese,
Japanese or Korean may draw them two cells wide, which breaks the alignment of every such line.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_AMBIGUOUS: Final = "A"
_LETTERS: Final = "LM"
_OTHER: Final = "?"
_PLAIN: Final = {
    **dict.fromkeys("─━┄┈╌═▔▀", "-"),
    **dict.fromkeys("│┃┆┊╎║▌▐▎▏▍▋▊▉", "|"),
    **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛", "+"),
    **dict.fromkeys("▇█■▓", "#"),
    **dict.fromkeys("○◯°", "o"),
    **dict.fromkeys("▲△", "^"),
    **dict.fromkeys("▼▽", "v"),
    **{"▁": "_", "▂": ".", "▃": "-", "▄": "=", "▅": "+", "▆": "*", "░": ".", "▒": ":"},
    **{"●": "*", "◐": "~", "◆": "*", "…": ".", "→": ">", "←": "<", "↑": "^", "↓": "v"},
    **{"×": "x", "·": ".", "±": "+", "–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'"},
    **{"⇧": "^", "¡": "!", "¿": "?", "•": "*", "§": "S"},
}


class PlainDrawing(LineFilter):
    """Draws symbols of ambiguous width as ASCII; letters stay, whatever their width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments, with the same number of characters as before."""
        return [Segment(plain(text), style, control) for text, style, control in segments]


@lru_cache(4_096)
def plain(text: str) -> str:
    """Replace each symbol of ambiguous width by one ASCII character."""
    if text.isascii():
        return text
    return "".join(_PLAIN.get(one, _OTHER) if _is_torn(one) else one for one in text)


def _is_torn(character: str) -> bool:
    ambiguous = unicodedata.east_asian_width(character) == _AMBIGUOUS
    return ambiguous and unicodedata.category(character)[0] not in _LETTERS
