"""Plain drawing contains no character that may be two cells wide."""

from __future__ import annotations

import unicodedata
from unicodedata import east_asian_width

import pytest

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tui.terminal.plain_drawing import plain


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("● kafka ─ 3… → ×720 · ▁▃█", "* kafka - 3. > x720 . _-#"),
        ("José Иван 東京 ①", "José Иван 東京 ?"),
        ("plain", "plain"),
    ],
)
def test_symbols_are_ascii_and_letters_stay(text: str, drawn: str) -> None:
    assert plain(text) == drawn


def torn(text: str) -> set[str]:
    return {
        one
        for one in text
        if east_asian_width(one) == "A" and unicodedata.category(one)[0] not in "LM"
    }


async def test_no_screen_draws_a_symbol_that_may_be_two_cells_wide() -> None:
    tails = FakeTails({"transaction": [record(number) for number in range(40)]})
    stage = Stage(source=FakeSource(live_batch()), tails=tails, plain_drawing=True)
    async with stage.app.run_test(size=(100, 30), notifications=True) as pilot:
        await stage.live(pilot)
        for keys in (["3"], ["4", "enter"], ["5"], ["question_mark"], ["escape", "6"]):
            await pilot.press(*keys)
            await pilot.pause()
            shown = stage.screen_text()
            assert shown.strip()
            assert torn(shown) == set()


async def test_ordinary_terminals_are_drawn_into_with_all_of_unicode() -> None:
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(100, 30)) as pilot:
        await stage.live(pilot)
        assert "● kafka" in stage.screen_text()
