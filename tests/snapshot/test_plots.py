"""What the plots look like; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.snapshot.fakes import NOW
from tests.snapshot.plots_host import PlotsHost, a_day_of_a_user, series
from tui.panels.plots.dashboard_plots import (
    AmountsPlot,
    FlaggedPlot,
    LagPlot,
    SeriesPlot,
    ThroughputPlot,
)
from tui.screens.user.time_plot import TimePlot
from tui.streams.series_snapshot import SeriesSnapshot

Compare = Callable[..., bool]

SIZES = pytest.mark.parametrize("size", [(83, 17), (123, 27)], ids=["40x8", "60x13"])
THEMES = pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])


def four() -> list[Widget]:
    return [ThroughputPlot(), FlaggedPlot(), AmountsPlot(), LagPlot()]


def fill(app: PlotsHost, snapshot: SeriesSnapshot) -> None:
    for plot in app.query(".series"):
        assert isinstance(plot, SeriesPlot)
        plot.show(snapshot, NOW)


@SIZES
@THEMES
def test_series(snap_compare: Compare, size: tuple[int, int], light: bool) -> None:
    app = PlotsHost(four(), light=light)

    async def before(pilot: Pilot[None]) -> None:
        fill(app, series())
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)


def test_large(snap_compare: Compare) -> None:
    app = PlotsHost(four())

    async def before(pilot: Pilot[None]) -> None:
        fill(app, series())
        await pilot.pause()

    assert snap_compare(app, terminal_size=(201, 51), run_before=before)


def test_without_colours(snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = PlotsHost(four())

    async def before(pilot: Pilot[None]) -> None:
        fill(app, series())
        await pilot.pause()

    assert snap_compare(app, terminal_size=(123, 27), run_before=before)


@SIZES
def test_empty(snap_compare: Compare, size: tuple[int, int]) -> None:
    assert snap_compare(PlotsHost(four()), terminal_size=size)


@SIZES
@THEMES
def test_over_event_time(snap_compare: Compare, size: tuple[int, int], light: bool) -> None:
    plots = [TimePlot("Amount"), TimePlot("Amount"), TimePlot("Mean", "6 h"), TimePlot("Nothing")]
    app = PlotsHost(plots, light=light)

    async def before(pilot: Pilot[None]) -> None:
        points, flagged, line = a_day_of_a_user()
        plots[0].show(points, flagged, line)
        plots[1].show([], flagged[:1])
        plots[2].show([], [], line)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)
