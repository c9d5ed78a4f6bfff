"""A plot of points and a line over event time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain
from typing import Final

from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.plots.chart import Axis, Chart, MarkShape, PlotMark, Point, drawable
from tui.drawing.plots.ticks import dates, linear, seconds, times
from tui.drawing.tones import Piece, Tone
from tui.widgets.plot import Line, Plot, legend

TimedValue = tuple[datetime, float]

# An axis for a single point still needs an extent.
_LEAST_SECONDS: Final = 60.0
_NO_REASON: Final = (Piece("Nothing to plot yet.", Tone.WAITS),)


class TimePlot(Plot):
    """Values at event times: dots, larger ones for flagged values, and a stepped line.

    Args:
        title: The plot's title.
        unit: The values' unit; may be empty.
        id: The widget's id.
        line_name: The line's name in the legend.
    """

    def __init__(
        self, title: str, unit: str = "", *, id: str | None = None, line_name: str = "mean"
    ) -> None:
        super().__init__(id=id)
        self._title = text.clean(title)
        self._unit = text.clean(unit)
        self._line_name = text.clean(line_name)
        self._points: tuple[TimedValue, ...] = ()
        self._flagged: tuple[TimedValue, ...] = ()
        self._line: tuple[TimedValue, ...] = ()
        self._reason: Line = _NO_REASON

    def show(
        self,
        points: Iterable[TimedValue],
        flagged_points: Iterable[TimedValue] = (),
        line: Iterable[TimedValue] = (),
        reason: Line = _NO_REASON,
    ) -> None:
        """Draw other values, in any order.

        Args:
            points: Values that are not flagged.
            flagged_points: Flagged values; `points` does not include them.
            line: Values of the stepped line; each holds until the next one.
            reason: Why there are no values; already clean.
        """
        shown = (tuple(points), tuple(flagged_points), tuple(line), reason)
        if shown != (self._points, self._flagged, self._line, self._reason):
            self._points, self._flagged, self._line, self._reason = shown
            self.refresh()

    def heading(self) -> Sequence[Line]:
        """Return the title, the unit and a legend of the marks in use."""
        title = [Piece(self._title, Tone.STRONG)]
        if self._unit:
            title.append(Piece(f" {self._unit}", Tone.QUIET))
        parts: list[Line] = [title]
        if self._flagged:
            parts.append(legend("●", Tone.DANGER, f"{len(self._flagged):,} flagged"))
        if self._line:
            parts.append(legend("⠒⠒", Tone.PLAIN, self._line_name))
        if self._points:
            parts.append(legend("•", Tone.ACCENT, counted(len(self._points), "other")))
        return parts

    def chart(self) -> Chart | Line:
        """Draw dots, the line over them, and flagged values on top."""
        points, flagged, line = map(_placed, (self._points, self._flagged, self._line))
        every = list(chain(points, flagged, line))
        if not every:
            return self._reason
        low, high = (end(x for x, _ in every) for end in (min, max))
        if high - low < _LEAST_SECONDS:
            low, high = low - _LEAST_SECONDS, high + _LEAST_SECONDS
        least, most = min(0.0, *(y for _, y in every)), max(0.0, *(y for _, y in every))
        return Chart(
            x=Axis(low, high, times, f"event time, {dates(low, high)}"),
            y=Axis(least, most if most > least else 1.0, linear),
            marks=(
                PlotMark(points, MarkShape.DOTS, Tone.ACCENT),
                PlotMark(line, MarkShape.STEPS, Tone.PLAIN),
                PlotMark(flagged, MarkShape.BULLETS, Tone.DANGER),
            ),
        )


def _placed(values: Sequence[TimedValue]) -> tuple[Point, ...]:
    return drawable(sorted((seconds(at), value) for at, value in values))
