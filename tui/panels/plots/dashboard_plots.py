"""The plots of the dashboard: throughput, flagged records, amounts and delay of a stream."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from math import ceil
from typing import Any, Final, Generic, TypeVar

from textual.containers import Container
from textual.reactive import var

from tui.drawing import text
from tui.drawing.plots.chart import Axis, Chart, MarkShape, PlotMark, Point, drawable
from tui.drawing.plots.ticks import ago, dates, linear, powers, seconds, times
from tui.drawing.tones import Piece, Tone
from tui.session.view import View
from tui.streams.throughput import KEPT_SECONDS
from tui.widgets.plot import Line, Plot, legend

from .amounts import BINS_PER_DECADE, AmountShares
from .flagged_rate import FlaggedBuckets
from .plots_panel import PLOTS
from .series_snapshot import PlottedStream, SeriesSnapshot

PartT = TypeVar("PartT")

_REDRAW_SECONDS: Final = 1.0
_AGO_STEP: Final = 30
_MEAN_SECONDS: Final = 5
_WALL_TIME: Final = "wall time"
_TOPIC_CELLS: Final = 24


class SeriesPlot(Plot, Generic[PartT]):
    """Plots a part of the series, redrawn at most once a second and only if it has changed."""

    view: var[View] = var(View, init=False, always_update=True)

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, classes="series")
        self._part: PartT | None = None
        self.stream = PlottedStream()
        self._reason: Line | None = None
        self._changed_at = 0.0

    def watch_view(self) -> None:
        if self.region:  # Drawn only while visible.
            self.show(self.view.data.of(PLOTS), self.view.now)

    def show(self, series: SeriesSnapshot, now: float, reason: Line | None = None) -> None:
        """Draw another snapshot.

        Args:
            series: The snapshot to plot.
            now: Seconds since the epoch.
            reason: Why there is no data, already clean; None uses the plot's own text.
        """
        part = self.part(series) or None
        if series.stream != self.stream:
            self.stream, self._part, self._changed_at = series.stream, None, 0.0
            self.refresh()
        if part is self._part and (part is not None or reason == self._reason):
            return
        soon = abs(now - self._changed_at) < _REDRAW_SECONDS
        if soon and part is not None and self._part is not None:
            return
        self._part, self._reason, self._changed_at = part, reason, now
        self.refresh()

    def heading(self) -> Sequence[Line]:
        """Return the plot's name and, if there is data, its latest value."""
        if self._part is None:
            return [[Piece(self.named, Tone.STRONG)]]
        value, others = self.latest(self._part)
        title = [Piece(self.named, Tone.STRONG), Piece(f" {value}" if value else "", self.tone)]
        return [title, *others]

    def chart(self) -> Chart | Line:
        """Return the chart, or why there is none."""
        if self._part is None:
            return self._reason or [Piece(text.clean(self.nothing), Tone.WAITS)]
        return self.charted(self._part)

    tone: Tone = Tone.TITLE

    @property
    @abstractmethod
    def named(self) -> str:
        """The plot's name."""

    @property
    @abstractmethod
    def nothing(self) -> str:
        """Why there is no data, in a sentence."""

    @property
    def records(self) -> str:
        """What the stream's records are called in a sentence."""
        return f"records in {self.stream.topic}" if self.stream.is_own else "transactions"

    @abstractmethod
    def part(self, series: SeriesSnapshot) -> PartT | None:
        """Return the part of the snapshot to draw; None or empty when there is none."""

    @abstractmethod
    def latest(self, part: PartT) -> tuple[str, Sequence[Line]]:
        """Return the latest value and further parts of the heading."""

    @abstractmethod
    def charted(self, part: PartT) -> Chart: ...


class ThroughputPlot(SeriesPlot[tuple[int, ...]]):
    """Records per second of wall time."""

    @property
    def named(self) -> str:
        topic = text.clean(self.stream.topic, _TOPIC_CELLS)
        return f"{topic if self.stream.is_own else 'Transactions'}/s"

    @property
    def nothing(self) -> str:
        new = "new " if self.stream.is_own else ""
        return f"Waiting for {new}{self.records}."

    def part(self, series: SeriesSnapshot) -> tuple[int, ...]:
        return series.rates

    def latest(self, part: tuple[int, ...]) -> tuple[str, Sequence[Line]]:
        last = part[-_MEAN_SECONDS:]
        peak = [Piece(f"peak {text.integer(max(part))}", Tone.QUIET)]
        return text.rate(sum(last) / len(last)), [peak]

    def charted(self, part: tuple[int, ...]) -> Chart:
        """Draw a line over the last seconds."""
        points = _by_age(part)
        return Chart(
            x=_wall_time(len(part)),
            y=Axis(0, max(part) or 1, linear),
            marks=(PlotMark(points, MarkShape.LINE, Tone.ACCENT),),
        )


class FlaggedPlot(SeriesPlot[FlaggedBuckets]):
    """Flagged records per minute of event time."""

    named = "Flagged/min"
    tone = Tone.DANGER

    @property
    def nothing(self) -> str:
        what = "record" if self.stream.is_own else "transaction"
        no_bucket = f"No flagged {what} in a completed bucket of event time."
        return self.stream.without_label or no_bucket

    def part(self, series: SeriesSnapshot) -> FlaggedBuckets | None:
        return series.flagged

    def latest(self, part: FlaggedBuckets) -> tuple[str, Sequence[Line]]:
        """Return the rate in the last bucket and the bucket's width."""
        rate = part.per_minute(part.counts[-1])
        width = text.duration(part.width.total_seconds()).removesuffix(" 00")
        return _small(rate), [[Piece(f"mean of {width} each", Tone.QUIET)]]

    def charted(self, part: FlaggedBuckets) -> Chart:
        low, width = seconds(part.start), part.width.total_seconds()
        high = low + width * len(part.counts)
        rates = [part.per_minute(count) for count in part.counts]
        points = drawable((low + width * at, rate) for at, rate in enumerate([*rates, rates[-1]]))
        return Chart(
            x=Axis(low, high, times, f"event time, {dates(low, high)}"),
            y=Axis(0, max(rates) or 1, linear),
            marks=(PlotMark(points, MarkShape.STEPS, Tone.DANGER),),
        )


class AmountsPlot(SeriesPlot[AmountShares]):
    """The amounts of flagged records against the rest."""

    named = "Amounts"

    @property
    def nothing(self) -> str:
        return self.stream.without_amounts or f"Waiting for {self.records}."

    def part(self, series: SeriesSnapshot) -> AmountShares | None:
        return series.amounts

    def latest(self, part: AmountShares) -> tuple[str, Sequence[Line]]:
        """Return a legend, since a distribution has no latest value."""
        flagged = f"{text.integer(part.flagged_total)} flagged"
        others: list[Line] = [
            legend("⠤⠤", Tone.DANGER, flagged),
            legend("⣿", Tone.ACCENT, f"{text.integer(part.rest_total)} others"),
            [Piece("% of each", Tone.QUIET)],
        ]
        if self.stream.without_label:
            others = [[Piece(f"% of {text.integer(part.rest_total)}", Tone.QUIET)]]
        if part.off_scale:
            others.append([Piece(f"{text.integer(part.off_scale)} off scale", Tone.WAITS)])
        return "", others

    def charted(self, part: AmountShares) -> Chart:
        """Fill the rest and draw flagged amounts as a line: they differ even without colours."""
        return Chart(
            x=Axis(part.low, part.low + len(part.rest) / BINS_PER_DECADE, powers, "amount"),
            y=Axis(0, max(*part.rest, *part.flagged), linear),
            marks=(
                PlotMark(_outline(part.low, part.rest), MarkShape.BARS, Tone.ACCENT),
                PlotMark(_outline(part.low, part.flagged), MarkShape.STEPS, Tone.DANGER),
            ),
        )


class LagPlot(SeriesPlot[tuple[float | None, ...]]):
    """Event seconds between the newest record and the newest row of a rolling feature."""

    named = "Feature delay"

    @property
    def nothing(self) -> str:
        if not self.stream.feature:
            return f"No feature has a row for each of the {self.records}."
        what = f"feature {self.stream.feature}" if self.stream.is_own else "rolling feature"
        return f"No row of the {what} yet."

    def part(self, series: SeriesSnapshot) -> tuple[float | None, ...]:
        return series.lags

    def latest(self, part: tuple[float | None, ...]) -> tuple[str, Sequence[Line]]:
        """Return the last delay and a legend of the level."""
        seconds = self.stream.delay.total_seconds()
        delay = text.duration(seconds) if seconds >= 1 else f"{1000 * seconds:.0f} ms"
        last = part[-1]
        value = text.NOTHING if last is None else text.duration(last)
        watermark = legend("─", Tone.LINE, f"watermark {delay}")
        of = [Piece(text.clean(self.stream.feature, _TOPIC_CELLS), Tone.QUIET)]
        return value, [watermark, of] if self.stream.is_own else [watermark]

    def charted(self, part: tuple[float | None, ...]) -> Chart:
        """Draw the delay as a line and mark the least possible one, the watermark's."""
        delay = self.stream.delay.total_seconds()
        points = _by_age(part)
        return Chart(
            x=_wall_time(len(part)),
            y=Axis(0, max([delay * 1.2, *(y for _, y in points)]), linear),
            marks=(PlotMark(points, MarkShape.LINE, Tone.ACCENT),),
            level=delay,
        )


def _outline(low: float, shares: Sequence[float]) -> tuple[Point, ...]:
    """Return the shares as steps that start and end at zero, without empty bins around them."""
    filled = [at for at, share in enumerate(shares) if share]
    if not filled:
        return ()
    first, last = filled[0], filled[-1]
    steps = [(at, shares[at]) for at in range(first, last + 1)]
    ends = [(first, 0.0), *steps, (last + 1, shares[last]), (last + 1, 0.0)]
    return tuple((low + at / BINS_PER_DECADE, share) for at, share in ends)


def _by_age(values: Sequence[float | None]) -> tuple[Point, ...]:
    count = len(values)
    return drawable((at - count, y) for at, y in enumerate(values) if y is not None)


def _wall_time(count: int) -> Axis:
    """Return an axis for `count` seconds; it grows in steps, so that the plot rarely rescales."""
    shown = min(KEPT_SECONDS, ceil(count / _AGO_STEP) * _AGO_STEP)
    return Axis(-shown, 0, ago, _WALL_TIME)


def _small(rate: float) -> str:
    """Format with two significant digits, since a rate per minute may be far below one."""
    return text.rate(rate) if rate == 0 or rate >= 1 else f"{rate:.2g}"


class Plots(Container, can_focus=True):
    """The widget of the panel Plots."""


def every_plot() -> tuple[SeriesPlot[Any], ...]:
    """Create all plots, in their order on the screen."""
    return (ThroughputPlot(), FlaggedPlot(), AmountsPlot(), LagPlot())
