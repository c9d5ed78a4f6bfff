"""What the rows of a user's own feature look like; look at `snapshot_report.html` first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.model.jobs import JobState
from tui.screens.rows.feature_table import FeatureTable

from .fakes import JOBS, STATUS
from .rows import MERCHANTS, RowsStage
from .stage import Before, flowing
from .test_dashboard import SIZES, Compare, Size

WIDE = (120, 40)


def steps(stage: RowsStage, *keys: str, said: str = "") -> Before:
    """Open the rows, press keys, and wait until the screen shows what it should."""

    async def before(pilot: Pilot[Any]) -> None:
        await stage.begin(pilot)
        for key in keys:
            await pilot.press(key)
        await stage.shows(pilot, said)
        # The scrollbar comes and goes with a layout, a moment after the rows.
        table = stage.app.screen.query_one(FeatureTable)
        await stage.wait(pilot, lambda: table.show_vertical_scrollbar is (table.max_scroll_y > 0))
        await pilot.pause()

    return before


def filtered() -> tuple[RowsStage, Before]:
    stage = RowsStage(60)
    keys = ("slash", *"spent>5000 large:true")
    return stage, steps(stage, *keys, said="of 60 rows match")


def job_stopped() -> tuple[RowsStage, Before]:
    stage = RowsStage(0)
    stopped = replace(MERCHANTS, state=JobState.STOPPED, started_at=None, job_id="")
    stage.backend.stack = replace(STATUS, jobs=(stopped, *JOBS))
    return stage, steps(stage, said="The job merchants is stopped")


@SIZES
def test_rows(snap_compare: Compare, size: Size) -> None:
    stage = RowsStage(60)
    before = steps(stage, "j", "j", *"ooooO")
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
def test_record(snap_compare: Compare, size: Size) -> None:
    stage = RowsStage(60)
    before = steps(stage, "j", "enter", said='"merchant"')
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("state", [filtered, job_stopped], ids=lambda state: state.__name__)
def test_state(snap_compare: Compare, state: Callable[[], tuple[RowsStage, Before]]) -> None:
    stage, before = state()
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)


async def test_on_a_wide_screen_a_filter_leaves_what_matches_in_its_columns() -> None:
    stage, before = filtered()
    lines = await stage.lines(WIDE, before)
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ● flink 3/8 slots used 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread"
    assert flowing(lines[2]) == (
        "─ merchants 6 of 60 rows match spent>5000 large:true merchant_spend_last_60min"
    )
    assert lines[3].split() == [
        "window_start",
        "window_end",
        "merchant",
        "spent",
        "share_of_fraud",
        "large",
        "n",
    ]
    assert [line.split() for line in lines[4:10]] == [
        [*f"2023-03-04 {start} 2023-03-04 {end} fraud_Koch {name} {spent} 0.0125 true".split(), n]
        for start, end, name, spent, n in (
            ("09:00:00", "10:00:00", "57", "6,766.50", "1,057"),
            ("06:00:00", "07:00:00", "54", "6,463.00", "1,054"),
            ("03:00:00", "04:00:00", "51", "6,159.50", "1,051"),
            ("00:00:00", "01:00:00", "48", "5,856.00", "1,048"),
            ("21:00:00", "22:00:00", "45", "5,552.50", "1,045"),
            ("18:00:00", "19:00:00", "42", "5,249.00", "1,042"),
        )
    ]
    # Numbers are right-aligned with their headings, words left-aligned.
    for heading in ("spent", "share_of_fraud", "n"):
        end = lines[3].index(f" {heading}") + 1 + len(heading)
        assert all(line[end - 1].isdigit() for line in lines[4:10])
        assert not any(line[end : end + 1].strip() for line in lines[4:10])
    for heading in ("window_start", "window_end", "merchant", "large"):
        start = lines[3].index(f" {heading}")
        assert all(line[start] == " " and line[start + 1] != " " for line in lines[4:10])
    assert not any(lines[10:38])
    assert lines[38:] == [
        "  spent>5000 large:true",
        " ctrl+p palette  ? help",
    ]


async def test_on_a_wide_screen_a_stopped_job_says_so_in_the_middle_of_its_rows() -> None:
    stage, before = job_stopped()
    lines = await stage.lines(WIDE, before)
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ● flink 3/8 slots used 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread"
    assert flowing(lines[2]) == "─ merchants 0 rows merchant_spend_last_60min"
    said = "The job merchants is stopped; s in Jobs starts it."
    assert lines[15] == " " * ((120 - len(said)) // 2) + said
    assert not any(lines[3:15] + lines[16:39])
    assert flowing(lines[39]) == "enter open / filter p freeze q back ctrl+p palette ? help"
