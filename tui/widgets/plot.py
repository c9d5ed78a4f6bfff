"""A plot: a line that says what is plotted and its latest value, and the chart below."""

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


class Plot(Widget):
    """Draws a chart when it is seen, once for every `refresh`."""

    def heading(self) -> Sequence[Line]:
        """The title with the latest value, then parts that are left out where there is no room."""
        raise NotImplementedError

    def chart(self) -> Chart | Line:
        """What to draw; or, in words, why there is nothing."""
        raise NotImplementedError

    def render(self) -> Content:
        width, height = self.content_size
        chart = self.chart()
        if isinstance(chart, Chart):
            rows: Sequence[Line] = draw(chart, width, height - 1)
            aside = chart.x.name if height - 1 < NAMED_HEIGHT else ""
        else:
            rows, aside = _middle(chart, width, height - 1), ""
        lines = [_heading(self.heading(), aside, width), *rows]
        return Content("\n").join(content(line) for line in lines)


def legend(sign: str, tone: Tone, meaning: str) -> Line:
    """A part of a heading that says what a sign in the chart means."""
    return [Piece(f"{sign} ", tone), Piece(meaning, Tone.QUIET)]


def _heading(parts: Sequence[Line], aside: str, width: int) -> Line:
    """The parts that fit; then, on the right, what has no place below the chart."""
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
    """Words in the middle of an empty plot, on as many lines as they take."""
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
