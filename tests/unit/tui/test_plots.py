from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.snapshot.plots_host import PlotsHost, series
from tests.snapshot.sample_rows import EVENT_TIME, NOW
from tui.drawing.plots.chart import Axis, Chart, MarkShape, PlotMark, drawable
from tui.drawing.plots.figure import draw
from tui.drawing.plots.ticks import ago, linear, number, powers, seconds, times
from tui.drawing.tones import Tone
from tui.panels.plots.dashboard_plots import (
    AmountsPlot,
    FlaggedPlot,
    LagPlot,
    SeriesPlot,
    ThroughputPlot,
)
from tui.panels.plots.series_snapshot import SeriesSnapshot
from tui.screens.user.time_plot import TimePlot

SIZES = [(30, 7), (40, 8), (60, 12), (100, 25)]


def test_numbers_are_readable() -> None:
    said = [number(1_500, 500), number(0.25, 0.05), number(2_500_000, 500_000), number(0, 1)]
    assert said == ["1,500", "0.25", "2.5 M", "0"]
    assert number(1e300, 1e300) == "1e300"


@pytest.mark.parametrize("high", [1e-300, 1e-12, 0.004, 1, 3, 17, 104, 1_033, 99_999, 1e9, 1e300])
@pytest.mark.parametrize("room", [3, 4, 8, 20])
def test_an_axis_of_numbers_has_zero_and_one_more(high: float, room: int) -> None:
    fitted = linear(0, high, room)
    assert fitted.ticks[0].at == 0
    assert 2 <= len(fitted.ticks) <= room
    assert fitted.high >= high
    assert len({tick.label for tick in fitted.ticks}) == len(fitted.ticks)


@pytest.mark.parametrize("days", [0.001, 0.1, 0.7, 2, 9, 70, 800, 900_000])
def test_times_are_round_and_do_not_touch(days: float) -> None:
    low = seconds(EVENT_TIME)
    for room in (22, 33, 90):
        ticks = times(low, low + days * 86_400, room).ticks
        assert ticks
        cells = room / (days * 86_400)
        for one, other in pairwise(ticks):
            assert (other.at - one.at) * cells >= len(one.label)


def test_a_day_of_times_has_hours_and_the_date() -> None:
    low = seconds(datetime(2023, 3, 4, 9))
    labels = [tick.label for tick in times(low, low + 86_400, 60).ticks]
    assert labels == ["12:00", "18:00", "03-05", "06:00"]


def test_ages_end_now() -> None:
    assert [tick.label for tick in ago(-120, 0, 33).ticks] == ["now", "−60 s", "−120 s"]


def test_amounts_are_powers() -> None:
    labels = [tick.label for tick in powers(-1, 4.5, 50).ticks]
    assert labels == ["0.1", "1", "10", "100", "1,000", "10,000"]


@pytest.mark.parametrize("size", SIZES)
def test_a_chart_fills_exactly_its_size(size: tuple[int, int]) -> None:
    rows = draw(_wave(), *size)
    assert len(rows) == size[1]
    assert all(sum(cell_len(piece.text) for piece in row) == size[0] for row in rows)
    tones = {piece.tone for row in rows for piece in row if piece.text.strip()}
    assert tones == {Tone.ACCENT, Tone.QUIET, Tone.LINE}


def test_nothing_is_drawn_where_there_is_no_room() -> None:
    for size in [(0, 0), (5, 3), (60, 4), (8, 20), (60, -1)]:
        assert draw(_wave(), *size) == []


def test_a_peak_in_many_points_is_not_lost() -> None:
    points = [(float(n), 1.0) for n in range(50_000)]
    points[31_234] = (31_234.0, 100.0)
    mark = PlotMark(tuple(points), MarkShape.LINE, Tone.DANGER)
    rows = draw(Chart(Axis(0, 50_000, times), Axis(0, 100, linear), (mark,)), 60, 12)
    assert any(piece.tone is Tone.DANGER for piece in rows[0])


def test_pictures_do_not_depend_on_the_hash_seed() -> None:
    """plotext temporarily stores points and ticks in sets."""
    program = "from tests.unit.tui.test_plots import pictures; print(pictures())"
    root = Path(__file__).parents[3]
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(root)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(found) == 1


def pictures() -> list[object]:
    plots = (ThroughputPlot(), FlaggedPlot(), AmountsPlot(), LagPlot())
    return [picture for plot in plots for picture in in_every_size(plot)]


def in_every_size(plot: SeriesPlot[Any]) -> list[object]:
    part = plot.part(series())
    assert part
    return [draw(plot.charted(part), *size) for size in SIZES]


any_float = st.floats() | st.sampled_from([math.nan, math.inf, 1e300, -1e300, 1e-300, 0.0])
any_time = st.datetimes() | st.sampled_from([datetime.min, datetime.max, EVENT_TIME])
values = st.lists(st.tuples(any_time, any_float), max_size=30)


@settings(max_examples=150, deadline=None)
@given(values, values, values, st.sampled_from(SIZES))
def test_any_values_over_any_times_are_drawn(
    points: list[tuple[datetime, float]],
    flagged: list[tuple[datetime, float]],
    line: list[tuple[datetime, float]],
    size: tuple[int, int],
) -> None:
    plot = TimePlot("hostile \x1b[2J title", "unit")
    plot.show(points, flagged, line)
    chart = plot.chart()
    assert "\x1b" not in "".join(piece.text for part in plot.heading() for piece in part)
    if isinstance(chart, Chart):
        assert len(draw(chart, *size)) == size[1]
    else:
        assert not any(math.isfinite(y) for _, y in [*points, *flagged, *line])


@settings(max_examples=100, deadline=None)
@given(st.floats(-1e300, 1e300), st.just(0.0) | st.floats(0, 1e300), st.integers(0, 120))
def test_an_axis_of_numbers_keeps_its_ends(low: float, span: float, room: int) -> None:
    fitted = linear(low, low + span, room)
    assert fitted.low <= low
    assert fitted.high >= low + span
    assert all(fitted.low <= tick.at <= fitted.high for tick in fitted.ticks)


async def test_only_what_is_seen_and_has_changed_is_drawn() -> None:
    shown, hidden = CountedPlot(), CountedPlot()
    app = PlotsHost([shown, hidden])
    async with app.run_test(size=(80, 12)) as pilot:
        hidden.display = False
        await pilot.pause()
        shown.drawn = hidden.drawn = 0
        snapshot = series()
        for tenth in range(10):
            for plot in (shown, hidden):
                plot.show(snapshot, NOW + tenth / 10)
            await pilot.pause()
        assert (shown.drawn, hidden.drawn) == (1, 0)
        for tenth in range(30):
            changed = replace(snapshot, rates=(*snapshot.rates, tenth))
            for plot in (shown, hidden):
                plot.show(changed, NOW + 10 + tenth / 10)
            await pilot.pause()
        assert (shown.drawn, hidden.drawn) == (4, 0)
        hidden.display = True
        await pilot.pause()
        assert hidden.drawn >= 1


async def test_an_empty_plot_says_why_and_a_full_one_what_it_has() -> None:
    plots: list[SeriesPlot[Any]] = [ThroughputPlot(), FlaggedPlot(), AmountsPlot(), LagPlot()]
    app = PlotsHost(plots)
    async with app.run_test(size=(123, 27)) as pilot:
        await pilot.pause()
        assert app.screen_text().count("Waiting for transactions.") == 2
        for plot in plots:
            plot.show(series(), NOW)
        await pilot.pause()
        text = app.screen_text()
        for words in ("−60 s", "now", "wall time", "event time, 2023-03-03 → ", "1,000", "amount"):
            assert words in text, words
        assert "No transactions" not in text
        for plot in plots:
            plot.show(SeriesSnapshot(), NOW + 0.1)
        await pilot.pause()
        assert app.screen_text().count("Waiting for transactions.") == 2


async def test_the_other_theme_colours_what_is_drawn() -> None:
    plot = ThroughputPlot()
    app = PlotsHost([plot])
    async with app.run_test(size=(60, 12)) as pilot:
        plot.show(series(), NOW)
        await pilot.pause()
        dark = app.export_screenshot()
        app.theme = "fraudwatch-light"
        await pilot.pause()
        light = app.export_screenshot()
        assert "#56d1b7" in dark
        assert "#56d1b7" not in light
        assert "#08705e" in light


class CountedPlot(ThroughputPlot):
    """Counts how often it is drawn."""

    drawn = 0

    def charted(self, part: tuple[int, ...]) -> Chart:
        self.drawn += 1
        return super().charted(part)


def _wave() -> Chart:
    points = drawable((n - 120, 100 + 30 * math.sin(n / 9)) for n in range(120))
    return Chart(
        Axis(-120, 0, ago, "wall time"),
        Axis(0, 130, linear),
        (PlotMark(points, MarkShape.LINE, Tone.ACCENT),),
    )


def test_timedelta_is_not_lost_in_far_years() -> None:
    assert seconds(datetime.max) - seconds(datetime.max - timedelta(seconds=5)) == 5


async def test_a_plot_without_room_says_so() -> None:
    plot = AmountsPlot()
    host = PlotsHost([plot])
    async with host.run_test(size=(80, 5)) as pilot:
        plot.show(series(), NOW)
        await pilot.pause()
        assert "Too small to draw." in host.screen_text()
