"""What the plots look like; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from tests.snapshot.looks import Drawn, assert_the_same_but_for_the_theme, characters
from tests.snapshot.plots_host import PlotsHost, a_day_of_a_user, series
from tests.snapshot.sample_rows import NOW
from tui.panels.plots.dashboard_plots import (
    AmountsPlot,
    FlaggedPlot,
    LagPlot,
    SeriesPlot,
    ThroughputPlot,
)
from tui.panels.plots.series_snapshot import SeriesSnapshot
from tui.screens.user.time_plot import TimePlot
from tui.theme import LIGHT

Compare = Callable[..., bool]

SIZES = pytest.mark.parametrize("size", [(83, 17), (123, 27)], ids=["40x8", "60x13"])


def four() -> list[Widget]:
    return [ThroughputPlot(), FlaggedPlot(), AmountsPlot(), LagPlot()]


def fill(app: PlotsHost, snapshot: SeriesSnapshot) -> None:
    for plot in app.query(".series"):
        assert isinstance(plot, SeriesPlot)
        plot.show(snapshot, NOW)


def day(host: PlotsHost) -> None:
    """Show a day of a user on the plots of `over_event_time`."""
    points, flagged, line = a_day_of_a_user()
    first, second, third, _ = host.query(TimePlot)
    first.show(points, flagged, line)
    second.show([], flagged[:1])
    third.show([], [], line)


def over_event_time() -> list[Widget]:
    return [TimePlot("Amount"), TimePlot("Amount"), TimePlot("Mean", "6 h"), TimePlot("Nothing")]


@SIZES
def test_series(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = PlotsHost(four())

    async def before(pilot: Pilot[None]) -> None:
        fill(app, series())
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)


async def test_a_large_plot_has_more_lines_and_more_labels() -> None:
    app = PlotsHost(four())
    async with app.run_test(size=(201, 51)) as pilot:
        fill(app, series())
        await pilot.pause()
        lines = app.screen_text().split("\n")
    left = [line[:100].strip() for line in lines]
    right = [line[101:].strip() for line in lines]
    marked = {
        row: tuple(part[: part.index("┤")].strip() if "┤" in part else "" for part in parts)
        for row, parts in enumerate(zip(left, right, strict=True))
        if any("┤" in part for part in parts)
    }
    assert marked == {
        2: ("", "0.05"),
        6: ("100", "0.04"),
        9: ("", "0.03"),
        13: ("50", "0.02"),
        17: ("", "0.01"),
        21: ("0", "0"),
        29: ("40", "150"),
        33: ("30", ""),
        35: ("", "100"),
        38: ("20", ""),
        41: ("", "50"),
        42: ("10", ""),
        47: ("0", "0"),
    }
    assert left[0] == "Transactions/s 111  peak 127"
    assert right[0] == "Flagged/min 0.033  mean of 1 h each"
    assert left[26] == "Amounts  ⠤⠤ 60 flagged  ⣿ 2,940 others  % of each"
    assert right[26] == "Feature delay 45 s  ─ watermark 15 s"
    seconds = ["−120 s", "−90 s", "−60 s", "−30 s", "now"]
    assert re.split("  +", left[23]) == re.split("  +", right[49]) == seconds
    hours = ["12:00", "18:00", "03-04", "06:00", "12:00", "18:00", "03-05", "06:00"]
    assert re.split("  +", right[23]) == hours
    assert re.split("  +", left[49]) == ["10", "100", "1,000"]
    assert (left[24], right[24]) == ("wall time", "event time, 2023-03-03 → 2023-03-05")
    assert (left[50], right[50]) == ("amount", "wall time")


async def test_without_colours_a_plot_is_drawn_in_greys_with_the_same_signs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def drawn() -> tuple[str, set[str]]:
        app = PlotsHost(four())
        async with app.run_test(size=(123, 27)) as pilot:
            fill(app, series())
            await pilot.pause()
            colours = re.findall(r"\.[\w-]+ { fill: #(\w{6})", app.export_screenshot())
            return app.screen_text(), set(colours)

    with_colours, colours = await drawn()
    monkeypatch.setenv("NO_COLOR", "1")
    without, greys = await drawn()
    assert without == with_colours
    rich_default = {"c5c8c6"}
    assert len({colour for colour in colours if len(set(pairs(colour))) > 1} - rich_default) > 3
    assert len(greys - rich_default) > 3
    assert all(len(set(pairs(grey))) == 1 for grey in greys - rich_default)


def pairs(colour: str) -> list[str]:
    """The red, green and blue of a colour."""
    return [colour[:2], colour[2:4], colour[4:]]


@pytest.mark.parametrize(
    ("plots", "shown"),
    [(four, lambda app: fill(app, series())), (over_event_time, day)],
    ids=["series", "event time"],
)
async def test_a_plot_in_the_light_theme_is_that_of_the_dark_one_in_its_colours(
    plots: Callable[[], list[Widget]], shown: Callable[[PlotsHost], None]
) -> None:
    async def drawn(*, light: bool) -> Drawn:
        app = PlotsHost(plots(), light=light)
        async with app.run_test(size=(123, 27)) as pilot:
            shown(app)
            await pilot.pause()
            return characters(app)

    assert_the_same_but_for_the_theme(await drawn(light=False), await drawn(light=True), LIGHT)


def test_empty(snap_compare: Compare) -> None:
    assert snap_compare(PlotsHost(four()), terminal_size=(83, 17))


async def test_a_plot_of_nothing_says_so_in_its_middle() -> None:
    app = PlotsHost(four())
    async with app.run_test(size=(123, 27)):
        lines = app.screen_text().split("\n")
    left = {row: line[:61].strip() for row, line in enumerate(lines) if line[:61].strip()}
    right = {row: line[62:].strip() for row, line in enumerate(lines) if line[62:].strip()}
    nothing = "Waiting for transactions."
    assert left == {0: "Transactions/s", 6: nothing, 14: "Amounts", 20: nothing}
    assert right == {
        0: "Flagged/min",
        6: "No flagged transaction in a completed bucket of event time.",
        14: "Feature delay",
        20: "No row of the rolling feature yet.",
    }
    assert lines[6].index("Waiting for") == (61 - len(nothing)) // 2


@SIZES
def test_over_event_time(snap_compare: Compare, size: tuple[int, int]) -> None:
    app = PlotsHost(over_event_time())

    async def before(pilot: Pilot[None]) -> None:
        day(app)
        await pilot.pause()

    assert snap_compare(app, terminal_size=size, run_before=before)
