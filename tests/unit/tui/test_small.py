"""At 80 × 24, every cut has an ellipsis, and all keys are in the footer or the help."""

from __future__ import annotations

from typing import Any

import pytest
from textual.geometry import Region
from textual.widgets import Static

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tui.keymap import KEYMAP
from tui.widgets.record_pane import RecordPane
from tui.widgets.titles import Title, TitleLine, fitted

SIZE = (80, 24)


def small(**options: Any) -> Stage:
    tails = FakeTails({"transaction": [record(number) for number in range(40)]})
    return Stage(source=FakeSource(live_batch()), tails=tails, **options)


@pytest.mark.parametrize(
    "keys",
    [
        ["1"],
        ["2"],
        ["5"],
        ["7"],
        ["2", "enter"],
        ["1", "enter"],
        ["1", "v"],
        ["6", "enter"],
        ["b"],
    ],
)
async def test_every_footer_has_all_its_keys(keys: list[str]) -> None:
    stage = small()
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.live(pilot)
        await pilot.press(*keys)

        def keys_shown() -> list[Region]:
            return [key.region for key in stage.app.screen.query("FooterKey")]

        # A footer is rebuilt whenever the focus changes.
        def is_whole() -> bool:
            whole = "? help" in stage.screen_text().splitlines()[-1]
            return whole and max((region.right for region in keys_shown()), default=99) <= SIZE[0]

        await stage.wait(pilot, is_whole)


async def test_the_help_is_whole() -> None:
    stage = small()
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.live(pilot)
        await pilot.press("question_mark")
        await pilot.pause()
        shown = " ".join(
            " ".join(str(static.content).split())
            for static in stage.app.screen.query("#help Static").results(Static)
        )
        for key in KEYMAP:
            assert key.help in shown
        widest = max(
            len(line.rstrip())
            for static in stage.app.screen.query("#help Static").results(Static)
            for line in str(static.content).splitlines()
        )
        assert widest <= stage.app.screen.query_one("#help-columns").region.width


async def test_every_panel_is_in_the_line_of_tabs_whatever_is_typed() -> None:
    stage = small()
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.live(pilot)
        await pilot.press("2", "slash", *"count>1 mean>0 ")
        await stage.settle(pilot)
        tabs = stage.dashboard.query_one("TitleLine.tabs", TitleLine).region.y
        line = stage.screen_text().splitlines()[tabs]
        for name in ("2 Users", "3 Windows", "4 Flagged", "5 Plots", "6 Records", "7 Signals"):
            assert name in line


def test_notes_that_do_not_fit_are_cut_with_a_mark() -> None:
    titles = [
        Title("a", "1", "Alpha", "one " * 20),
        Title("b", "2", "Beta", "two", shown=False),
        Title("c", "3", "Gamma", shown=False),
    ]
    alpha, beta, gamma = fitted(titles, 40)
    assert alpha.note.endswith("…")
    assert (beta.note, gamma.name) == ("", "Gamma")
    assert list(fitted(titles[1:], 40)) == titles[1:]


async def test_a_record_has_most_of_the_lines() -> None:
    stage = small()
    async with stage.app.run_test(size=SIZE) as pilot:
        await stage.live(pilot)
        await pilot.press("4", "enter")
        await stage.settle(pilot)
        assert stage.dashboard.query_one(RecordPane).region.height >= 9


def test_ages_do_not_push_names_out_of_the_line() -> None:
    titles = [
        Title("alpha", "1", "Alpha", "spend 25", shown=False),
        Title("beta", "2", "Beta", "charged_back 163", age="as of 43 min ago"),
        Title("gamma", "3", "Gamma", shown=False),
    ]
    roomy, narrow, narrowest = (fitted(titles, width)[1] for width in (80, 54, 36))
    assert (roomy.note, roomy.age) == ("charged_back 163", "as of 43 min ago")
    assert (narrow.note, narrow.age) == ("charged_back…", "43 min ago")
    assert (narrowest.note, narrowest.age) == ("", "43 mi…")
