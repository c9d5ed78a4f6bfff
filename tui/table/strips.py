"""The lines of a table as they were drawn last, so that a row which only moved costs nothing."""

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
    """Makes strips of pieces, and those of rows once.

    Args:
        style: The style of a tone in the present theme.
    """

    def __init__(self, style: Callable[[Tone], Style]) -> None:
        self._style = style
        self._look: tuple[object, ...] = ()
        self._bases = (Style.null(), Style.null())
        self._inks: dict[tuple[Tone, bool], Style] = {}
        self._drawn: dict[tuple[Hashable, bool], tuple[RowT, Strip]] = {}

    def begin(self, plain: Style, cursor: Style, *look: object) -> None:
        """Forget what was drawn before if it would not look the same now.

        Args:
            plain: Style of a line.
            cursor: Style of the line under the cursor.
            look: Whatever else all lines depend on, such as the theme, the columns and the time.
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
        """The line of a row; `pieces` is called only if the row was not drawn like this before."""
        drawn = self._drawn.get((key, cursor))
        if drawn is None or drawn[0] != row:
            drawn = self._drawn[key, cursor] = (row, self.of(pieces(), width, cursor=cursor))
        return drawn[1]

    def of(self, pieces: Sequence[Piece], width: int, *, cursor: bool = False) -> Strip:
        """Pieces as a line of so many cells."""
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
