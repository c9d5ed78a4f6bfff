"""A cache of a table's drawn lines, so that a row that only moves is not drawn again."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from itertools import groupby
from typing import Generic

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tui.drawing.tones import Piece, Tone

from .column import RowT


class Strips(Generic[RowT]):
    """Converts pieces to strips, and caches those of rows.

    Args:
        style: Returns the style of a tone in the current theme.
    """

    def __init__(self, style: Callable[[Tone], Style]) -> None:
        self._style = style
        self._look: tuple[object, ...] = ()
        self._bases = (Style.null(), Style.null())
        self._inks: dict[tuple[Tone, bool], Style] = {}
        self._drawn: dict[tuple[Hashable, bool], tuple[RowT, Strip]] = {}

    def begin(self, plain: Style, cursor: Style, *look: object) -> None:
        """Clear the cache if lines would look different now.

        Args:
            plain: The style of a line.
            cursor: The style of the line under the cursor.
            look: Everything else that all lines depend on: the theme, the columns, the time.
        """
        now = (plain, cursor, *look)
        if now != self._look:
            self._look = now
            self._bases = (plain, cursor)
            self._inks.clear()
            self._drawn.clear()

    def of_row(
        self,
        key: Hashable,
        row: RowT,
        pieces: Callable[[], Sequence[Piece]],
        width: int,
        *,
        cursor: bool,
    ) -> Strip:
        """Return the line of a row; `pieces` is only called when it is not in the cache."""
        drawn = self._drawn.get((key, cursor))
        if drawn is None or drawn[0] != row:
            drawn = self._drawn[key, cursor] = (row, self.of(pieces(), width, cursor=cursor))
        return drawn[1]

    def of(self, pieces: Sequence[Piece], width: int, *, cursor: bool = False) -> Strip:
        """Convert pieces to a line of `width` cells."""
        segments = [
            Segment("".join(piece.text for piece in run), self._ink(tone, cursor=cursor))
            for tone, run in groupby(pieces, key=lambda piece: piece.tone)
        ]
        return Strip(segments).adjust_cell_length(width, self._bases[cursor])

    def _ink(self, tone: Tone, *, cursor: bool) -> Style:
        ink = self._inks.get((tone, cursor))
        if ink is None:
            ink = self._inks[tone, cursor] = self._bases[cursor] + self._style(tone)
        return ink
