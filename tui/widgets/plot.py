"""A plot: a heading with the title and the latest value, above the chart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from tui.drawing.plots.chart import Chart
from tui.drawing.plots.figure import NAMED_HEIGHT, draw
from tui.drawing.text import clip
from tui.drawing.tones import Piece, Tone, content
from tui.table.layout import fit

Line = Sequence[Piece]

_GAP: Final = "  "
_NO_ROOM: Final = (Piece("Too small to draw.", Tone.QUIET),)


class Plot(Widget):
    """Draws a chart while it is visible, once per `refresh`."""

    def heading(self) -> Sequence[Line]:
        """Return the title with the latest value, then parts that may be omitted."""
        raise NotImplementedError

    def chart(self) -> Chart | Line:
        """Return the chart; or, as text, why there is none."""
        raise NotImplementedError

    def render(self) -> Content:
        width, height = self.content_size
        chart = self.chart()
        if isinstance(chart, Chart):
            rows: Sequence[Line] = draw(chart, width, height - 1) or _middle(
                _NO_ROOM, width, height - 1
            )
            aside = chart.x.name if height - 1 < NAMED_HEIGHT else ""
        else:
            rows, aside = _middle(chart, width, height - 1), ""
        lines = [_heading(self.heading(), aside, width), *rows]
        return Content("\n").join(content(line) for line in lines)


def legend(sign: str, tone: Tone, meaning: str) -> Line:
    """Return a part of a heading that explains a mark of the chart."""
    return [Piece(f"{sign} ", tone), Piece(meaning, Tone.QUIET)]


def _heading(parts: Sequence[Line], aside: str, width: int) -> Line:
    """Return the parts that fit, with `aside` on the right when it does not fit below the chart."""
    title, *others = parts
    pieces = list(title)
    used = _cells(pieces)
    for part in others:
        if used + len(_GAP) + _cells(part) > width:
            break
        pieces += [Piece(_GAP), *part]
        used += len(_GAP) + _cells(part)
    gap = width - used - cell_len(aside)
    if aside and gap >= len(_GAP):
        pieces += [Piece(" " * gap), Piece(aside, Tone.QUIET)]
    return fit(pieces, width, right=False)


def _cells(pieces: Line) -> int:
    return sum(cell_len(piece.text) for piece in pieces)


def _middle(words: Line, width: int, height: int) -> Sequence[Line]:
    """Centre a text in an empty plot, wrapped to its width."""
    lines: list[list[Piece]] = [[]]
    used = 0
    for piece in words:
        for word in piece.text.split():
            cells = cell_len(word)
            if used and used + 1 + cells > width:
                lines.append([])
                used = 0
            lines[-1].append(Piece(clip(f" {word}" if used else word, width), piece.tone))
            used += cells + bool(used)
    centred = [[Piece(" " * ((width - _cells(line)) // 2)), *line] for line in lines]
    above = [[Piece("", Tone.PLAIN)]] * max(0, (height - len(lines)) // 2)
    return [*above, *centred][: max(0, height)]
