"""Columns are hidden and shown, at once and in the next session."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.panels.jobs.jobs_table import JobsPanel
from tui.panels.users.users_table import UsersTable
from tui.screens.columns import ColumnsScreen
from tui.screens.dashboard.dashboard import Dashboard
from tui.widgets.record_pane import RecordPane

TITLES = ("mean 6 h", "count", "trend", "flags", "last seen", "amount")


@asynccontextmanager
async def console(remembered: Path | None = None) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    stage = Stage(source=FakeSource(live_batch()), remembered=remembered)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        yield stage, pilot


def headings(stage: Stage) -> str:
    """The column titles of the panel Users."""
    table = stage.dashboard.query_one(UsersTable)
    return table.render_line(0).text


async def choose(stage: Stage, pilot: Pilot[Any], *keys: str) -> None:
    await pilot.press("c")
    await stage.wait(pilot, lambda: isinstance(stage.app.screen, ColumnsScreen))
    await pilot.press(*keys)


@pytest.mark.parametrize("closes", ["escape", "q", "c"])
@pytest.mark.parametrize("switches", ["space", "enter"])
async def test_a_column_is_hidden_and_shown_again(switches: str, closes: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press("2")
        assert "trend" in headings(stage)
        await choose(stage, pilot, "j", "j", switches)
        # Behind the dialog, at once; other columns take its room.
        assert "trend" not in headings(stage)
        assert "flags" in headings(stage)
        await pilot.press("k", "down", switches)
        assert "trend" in headings(stage)
        await pilot.press("up", switches, closes)
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, Dashboard))
        assert "trend" in headings(stage)
        assert "count" not in headings(stage)


async def test_a_double_click_hides() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2")
        await choose(stage, pilot)
        await pilot.click("#columns-list", offset=(4, 2), times=2)
        await stage.wait(pilot, lambda: "trend" not in headings(stage))


async def test_what_is_hidden_is_remembered_for_that_table(tmp_path: Path) -> None:
    file = tmp_path / "remembered.json"
    async with console(file) as (stage, pilot):
        await pilot.press("2")
        await choose(stage, pilot, "j", "j", "space", "escape")
        await pilot.press("1")
        await choose(stage, pilot, "space", "escape")
    async with console(file) as (stage, pilot):
        assert "trend" not in headings(stage)
        assert stage.dashboard.query_one(JobsPanel).hidden == {"state"}
        assert stage.app.preferences.current.table("users").hidden == ("trend",)


async def test_the_first_column_and_those_without_a_title_stay() -> None:
    async with console() as (stage, _):
        jobs = stage.dashboard.query_one(JobsPanel)
        assert jobs.optional_columns == ("state", "up", "read", "lag", "checkpoint")
        jobs.hide(["job", *jobs.optional_columns])
        assert jobs.render_line(0).text.split() == ["job"]
        assert "rolling" in jobs.render_line(1).text


async def test_a_record_has_no_columns() -> None:
    async with console() as (stage, pilot):
        await pilot.press("4", "enter")
        await stage.wait(pilot, lambda: stage.dashboard.query_one(RecordPane).display)
        stage.dashboard.query_one(RecordPane).focus()
        await pilot.press("c")
        await pilot.pause()
        assert isinstance(stage.app.screen, Dashboard)
