"""Draws charts with plotext: braille points, quiet axes, colours by meaning.

plotext draws with numbered colours; here each number stands for a tone, which the theme maps to a
colour. plotext has one global figure, which each chart clears, so only the user interface's thread
may draw.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final, NamedTuple

from rich.style import Style
from rich.text import Text

from tui.drawing.tones import Piece, Tone

from .chart import Chart, Fitted, MarkShape, PlotMark, Point

Row = list[Piece]

_TONES: Final = tuple(Tone)
_CODES: Final = {tone: code for code, tone in enumerate(_TONES, start=1)}
_AXIS: Final = frozenset("│┤├└─┬┴┼")
_BULLET: Final = "●"
_SMALL_BULLET: Final = "•"
# With more points than one per this many cells, bullets would hide each other and the lines.
_CELLS_PER_BULLET: Final = 6
# In a lower plot, a line for the name of an axis would take too much room.
NAMED_HEIGHT: Final = 10
_LEAST_ROWS: Final = 3
_LEAST_WIDTH: Final = 20
_DOTS_ACROSS: Final = 2
_DOTS_DOWN: Final = 4


class _Area(NamedTuple):
    """The plot area: the axes at its edges, and its size in cells."""

    x: Fitted
    y: Fitted
    columns: int
    rows: int


def draw(chart: Chart, width: int, height: int) -> list[Row]:
    """Draw a chart in `width` × `height` cells; nothing when that is too small."""
    import plotext

    rows = height - 2 - (height >= NAMED_HEIGHT and bool(chart.x.name))
    if rows < _LEAST_ROWS or width < _LEAST_WIDTH:
        return []
    y = _with_extent(chart.y.scale(chart.y.low, chart.y.high, rows))
    columns = width - max((len(tick.label) for tick in y.ticks), default=0) - 2
    x = _with_extent(chart.x.scale(chart.x.low, chart.x.high, columns))
    plot: Any = plotext
    plot.clear_figure()
    # By default, plotext limits the size to that of the terminal, if there is one.
    plot.limit_size(False, False)
    plot.plot_size(width, height)
    plot.xaxes(True, False)
    plot.yaxes(True, False)
    plot.canvas_color("default")
    plot.axes_color("default")
    plot.ticks_color(_CODES[Tone.QUIET])
    plot.xlim(x.low, x.high)
    plot.ylim(y.low, y.high)
    plot.xticks([tick.at for tick in x.ticks], [tick.label for tick in x.ticks])
    plot.yticks([tick.at for tick in y.ticks], [f"{tick.label} " for tick in y.ticks])
    if height >= NAMED_HEIGHT and chart.x.name:
        plot.xlabel(chart.x.name)
    if chart.level is not None and y.low <= chart.level <= y.high:
        plot.horizontal_line(chart.level, _CODES[Tone.LINE])
    area = _Area(x, y, columns, rows)
    # A bullet fills its cell, so bullets are drawn over lines, and braille dots under them.
    for mark in sorted(chart.marks, key=lambda mark: _marker(mark, area) != "braille"):
        _add(plot, mark, area)
    return [_row(Text.from_ansi(line)) for line in plot.build().rstrip("\n").split("\n")]


def _with_extent(scale: Fitted) -> Fitted:
    """Widen a scale whose ends are equal, as happens when numbers are too large to differ."""
    if scale.high > scale.low:
        return scale
    air = abs(scale.low) * 0.1 or 1.0
    return Fitted(scale.low - air, scale.high + air, scale.ticks)


def _add(plot: Any, mark: PlotMark, area: _Area) -> None:
    x, y, columns, rows = area
    across = columns * _DOTS_ACROSS / (x.high - x.low)
    down = rows * _DOTS_DOWN / (y.high - y.low)
    color = _CODES[mark.tone]
    if mark.shape in (MarkShape.DOTS, MarkShape.BULLETS):
        places = {
            (int((a - x.low) * across), int((b - y.low) * down)): (a, b) for a, b in mark.points
        }
        points = list(places.values())
        plot.scatter(
            [a for a, _ in points],
            [b for _, b in points],
            marker=_marker(mark, area),
            color=color,
        )
        return
    points = list(_thinned(mark.points, x.low, across))
    if mark.shape in (MarkShape.STEPS, MarkShape.BARS):
        points = list(_steps(points))
    plot.plot(
        [a for a, _ in points],
        [b for _, b in points],
        marker="braille",
        color=color,
        fillx=mark.shape is MarkShape.BARS,
    )


def _marker(mark: PlotMark, area: _Area) -> str:
    if mark.shape is MarkShape.BULLETS:
        return _BULLET
    few = len(mark.points) * _CELLS_PER_BULLET <= area.columns * area.rows
    return _SMALL_BULLET if mark.shape is MarkShape.DOTS and few else "braille"


def _thinned(points: tuple[Point, ...], low: float, across: float) -> Iterator[Point]:
    """Reduce a line to the first, last, lowest and highest point of each column of dots."""
    for _, column in groupby(points, key=lambda point: int((point[0] - low) * across)):
        group = list(column)
        if len(group) > 4:
            lowest, highest = sorted(
                (min(group, key=_value), max(group, key=_value)), key=group.index
            )
            group = [group[0], lowest, highest, group[-1]]
        yield from group


def _steps(points: list[Point]) -> Iterator[Point]:
    """Turn points into steps: each value holds until the next one."""
    for number, (x, y) in enumerate(points):
        if number:
            yield x, points[number - 1][1]
        yield x, y


def _value(point: Point) -> float:
    return point[1]


def _row(line: Text) -> Row:
    tones = [Tone.PLAIN] * len(line.plain)
    for start, end, style in line.spans:
        color = style.color if isinstance(style, Style) else None
        if color is not None and color.number is not None:
            tones[start:end] = [_TONES[color.number - 1]] * (end - start)
    cells = [
        (cell, Tone.LINE if cell in _AXIS else tone)
        for cell, tone in zip(line.plain, tones, strict=True)
    ]
    return [
        Piece("".join(cell for cell, _ in run), tone)
        for tone, run in groupby(cells, key=lambda cell: cell[1])
    ]
