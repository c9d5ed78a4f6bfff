"""What the rows of a user's own feature look like; look at `snapshot_report.html` first."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.model import JobState
from tui.screens.rows.feature_table import FeatureTable
from tui.theme import DARK, LIGHT

from .fakes import JOBS, STATUS
from .rows import MERCHANTS, RowsStage
from .test_dashboard import SIZES, Compare, Size


def snap(
    compare: Compare,
    stage: RowsStage,
    size: Size,
    *keys: str,
    said: str = "",
    theme: str = DARK.name,
) -> bool:
    async def before(pilot: Pilot[Any]) -> None:
        stage.app.theme = theme
        await stage.begin(pilot)
        for key in keys:
            await pilot.press(key)
        await stage.shows(pilot, said)
        # The scrollbar comes and goes with a layout, a moment after the rows.
        table = stage.app.screen.query_one(FeatureTable)
        await stage.wait(pilot, lambda: table.show_vertical_scrollbar is (table.max_scroll_y > 0))
        await pilot.pause()

    return compare(stage.app, terminal_size=size, run_before=before)


@SIZES
@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name], ids=["dark", "light"])
def test_rows(snap_compare: Compare, size: Size, theme: str) -> None:
    keys = ("j", "j", *"ooooO")
    assert snap(snap_compare, RowsStage(60), size, *keys, theme=theme)


@SIZES
def test_filter(snap_compare: Compare, size: Size) -> None:
    keys = ("slash", *"spent>5000 large:true")
    assert snap(snap_compare, RowsStage(60), size, *keys, said="of 60 rows match")


@SIZES
def test_record(snap_compare: Compare, size: Size) -> None:
    assert snap(snap_compare, RowsStage(60), size, "j", "enter", said='"merchant"')


@SIZES
def test_job_stopped(snap_compare: Compare, size: Size) -> None:
    stage = RowsStage(0)
    stopped = replace(MERCHANTS, state=JobState.STOPPED, started_at=None, job_id="")
    stage.backend.stack = replace(STATUS, jobs=(stopped, *JOBS))
    assert snap(snap_compare, stage, size, said="The job merchants is stopped")
