"""The plots of a signal: scores of fraud and of the rest, and precision over recall."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pipeline.signals.quality import Confusion, Counts, Quality
from tui.drawing import text
from tui.drawing.plots.chart import Axis, Chart, MarkShape, PlotMark, Point
from tui.drawing.plots.ticks import linear, shares
from tui.drawing.tones import Piece, Tone
from tui.panels.signals.quality_text import plain
from tui.widgets.plot import Line, Plot, legend

_BARS: Final = 50
_NO_LABELS: Final = (Piece("No record is labelled fraud yet.", Tone.WAITS),)


class SignalPlot(Plot):
    """A plot of all records, with the present threshold and the one that is tried."""

    def __init__(self) -> None:
        super().__init__()
        self._quality: Quality | None = None
        self._proposed: float | None = None

    def show(self, quality: Quality | None, proposed: float | None) -> None:
        """Draw other figures."""
        if (quality, proposed) != (self._quality, self._proposed):
            self._quality, self._proposed = quality, proposed
            self.refresh()

    @property
    def _counts(self) -> Counts:
        return self._quality.everything if self._quality is not None else Counts()

    @property
    def _thresholds(self) -> Sequence[tuple[float, Tone]]:
        """The thresholds to mark."""
        if self._quality is None:
            return ()
        tried = () if self._proposed is None else ((self._proposed, Tone.WAITS),)
        return ((self._quality.threshold, Tone.PLAIN), *tried)


class ScoresPlot(SignalPlot):
    """How the scores of fraud and of legitimate records are distributed."""

    def heading(self) -> Sequence[Line]:
        fraud, rest = sum(self._counts.fraud), sum(self._counts.legitimate)
        return [
            [Piece("Scores", Tone.STRONG)],
            legend("⠤⠤", Tone.DANGER, f"{text.integer(fraud)} fraud"),
            legend("⣿", Tone.ACCENT, f"{text.integer(rest)} legitimate"),
            [Piece("% of each", Tone.QUIET)],
        ]

    def chart(self) -> Chart | Line:
        """Fill legitimate records and draw fraud as a line: they differ even without colours."""
        counts = self._counts
        if not sum(counts.fraud) + sum(counts.legitimate):
            return [Piece("No record has a label yet.", Tone.WAITS)]
        fraud = _percent(counts.histogram(counts.fraud, _BARS))
        rest = _percent(counts.histogram(counts.legitimate, _BARS))
        high = max(*fraud, *rest)
        return Chart(
            x=Axis(0, 1, shares, "score"),
            y=Axis(0, high, linear),
            marks=(
                PlotMark(_steps(rest), MarkShape.BARS, Tone.ACCENT),
                PlotMark(_steps(fraud), MarkShape.STEPS, Tone.DANGER),
                *(
                    PlotMark(((at, 0.0), (at, high)), MarkShape.LINE, tone)
                    for at, tone in self._thresholds
                ),
            ),
        )


class CurvePlot(SignalPlot):
    """Precision over recall, for every threshold."""

    def heading(self) -> Sequence[Line]:
        found = self._counts.average_precision
        average = plain(None if found is None else found.value)
        return [
            [Piece("Precision over recall", Tone.STRONG), Piece(f" {average}", Tone.TITLE)],
            legend("●", Tone.PLAIN, "present threshold"),
        ]

    def chart(self) -> Chart | Line:
        points = self._counts.curve()
        if not points:
            return _NO_LABELS
        return Chart(
            x=Axis(0, 1, shares, "recall"),
            y=Axis(0, 1, linear),
            marks=(
                PlotMark(tuple(points), MarkShape.LINE, Tone.ACCENT),
                *(
                    PlotMark(place, MarkShape.BULLETS, tone)
                    for at, tone in self._thresholds
                    if (place := _place(self._counts.outcome(at)))
                ),
            ),
        )


def _place(outcome: Confusion) -> tuple[Point, ...]:
    """Return the place of a threshold on the curve; nothing if it has none."""
    if outcome.recall is None or outcome.precision is None:
        return ()
    return ((outcome.recall.value, outcome.precision.value),)


def _percent(counts: Sequence[int]) -> list[float]:
    total = sum(counts) or 1
    return [100 * count / total for count in counts]


def _steps(shares: Sequence[float]) -> tuple[Point, ...]:
    places = [(at / len(shares), share) for at, share in enumerate(shares)]
    return (*places, (1.0, shares[-1]))
