"""Themes change colours and never the layout; every meaning of a colour shows in each of them.

Whole pictures of every theme are those of `test_trouble`.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from textual.pilot import Pilot
from textual.theme import Theme

from tui.theme import COLOUR_BLIND_SAFE, DARK, LIGHT, MONOCHROME

from .fake_source import FakeSource
from .looks import Drawn, assert_the_same_but_for_the_theme, characters
from .rows import RowsStage
from .sample_rows import live_batch
from .stage import Before, Stage
from .tails import RecordsStage
from .test_dashboard import when_live
from .test_dialogs import COLUMNS_KEYS, DIALOGS, over_the_dashboard
from .test_job import open_job
from .test_quarantine import bad_batch
from .test_records import held
from .test_user import open_user

SIZE: Final = (120, 40)
Opening = tuple[Stage, Before]


def opened(name: str) -> Opening:
    """A stage, and the steps that open this screen or dialog on it."""
    match name:
        case "records":
            records = RecordsStage(held())
            return records, lambda pilot: look_at_a_record(records, pilot)
        case "rows":
            rows = RowsStage(60)
            return rows, rows.begin
        case "quarantine":
            stage = Stage(source=FakeSource(bad_batch()))
            return stage, when_live(stage, "b", "j", "enter")
    stage = Stage(source=FakeSource(live_batch()))
    match name:
        case "job":
            return stage, lambda pilot: open_job(stage, pilot, "2")
        case "user":
            return stage, lambda pilot: open_user(stage, pilot)
        case "columns":
            return stage, when_live(stage, *COLUMNS_KEYS)
    return stage, over_the_dashboard(stage, name, *DIALOGS[name])


async def look_at_a_record(stage: RecordsStage, pilot: Pilot[Any]) -> None:
    await stage.begin(pilot)
    await stage.shows(pilot, "60 read")
    await pilot.press("j", "j", "j", "j", "enter")
    await stage.settle(pilot)


async def drawn(name: str, theme: Theme) -> Drawn:
    """All characters of a screen in a theme, with their looks."""
    stage, before = opened(name)
    async with stage.app.run_test(size=SIZE, notifications=True) as pilot:
        stage.app.theme = theme.name
        await before(pilot)
        await pilot.pause()
        return characters(stage.app)


SCREENS: Final = (*DIALOGS, "columns", "job", "quarantine", "records", "rows", "user")


@pytest.mark.parametrize("name", SCREENS)
async def test_a_theme_moves_nothing_and_its_looks_say_what_those_of_the_dark_one_say(
    name: str,
) -> None:
    dark = await drawn(name, DARK)
    for theme in (LIGHT, COLOUR_BLIND_SAFE, MONOCHROME):
        assert_the_same_but_for_the_theme(dark, await drawn(name, theme), theme)
