"""Drawing for terminals in which what others draw in one cell takes two.

Unicode calls the width of lines, dots, arrows and an ellipsis ambiguous: terminals that are set up
for Chinese, Japanese or Korean may draw them two cells wide, and every line that has one is torn.
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
    """Draws symbols of ambiguous width as ASCII; letters stay, whatever their width is."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The segments, as wide as before."""
        return [Segment(plain(text), style, control) for text, style, control in segments]


@lru_cache(4_096)
def plain(text: str) -> str:
    """A text with one ASCII character in place of each symbol of ambiguous width."""
    if text.isascii():
        return text
    return "".join(_PLAIN.get(one, _OTHER) if _is_torn(one) else one for one in text)


def _is_torn(character: str) -> bool:
    ambiguous = unicodedata.east_asian_width(character) == _AMBIGUOUS
    return ambiguous and unicodedata.category(character)[0] not in _LETTERS
