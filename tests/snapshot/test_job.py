"""What the screen of one job looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.model import JobState
from tui.screens.job.screen import JobScreen

from .fakes import JOBS, NOW, STATUS, FakeBackend, FakeSource, live_batch, unreachable
from .stage import Stage

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Compare = Callable[..., bool]


async def open_job(stage: Stage, pilot: Pilot[Any], *keys: str) -> JobScreen:
    """Go to the job under the cursor and wait until all of it is known."""
    await stage.live(pilot)
    await pilot.press("1", "enter")
    await stage.wait(pilot, lambda: isinstance(stage.app.screen, JobScreen))
    screen = stage.app.screen
    assert isinstance(screen, JobScreen)
    await stage.wait(pilot, lambda: (screen.detail.value or screen.detail.problem) is not None)
    await stage.wait(pilot, lambda: any(line.vitals for line in stage.view.jobs))
    await pilot.press(*keys)
    screen.refresh_view()
    await pilot.pause()
    return screen


@SIZES
@pytest.mark.parametrize(
    "section", ["1", "2", "3", "4"], ids=["ibis", "sql", "exceptions", "state"]
)
def test_job(snap_compare: Compare, size: tuple[int, int], section: str) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await open_job(stage, pilot, section)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


def test_light(snap_compare: Compare) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await open_job(stage, pilot, "2", "T")
        stage.app.clear_notifications()
        await pilot.pause()

    assert snap_compare(stage.app, terminal_size=(120, 40), run_before=before)


@SIZES
def test_job_that_failed(snap_compare: Compare, size: tuple[int, int]) -> None:
    failed = replace(
        JOBS[0], state=JobState.FAILED, started_at=None, job_id="", failure="the topic is gone"
    )
    stage = Stage(
        FakeBackend(stack=replace(STATUS, jobs=(failed, *JOBS[1:]))), FakeSource(live_batch())
    )

    async def before(pilot: Pilot[Any]) -> None:
        await open_job(stage, pilot, "3")

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
def test_job_while_flink_is_away(snap_compare: Compare, size: tuple[int, int]) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        screen = await open_job(stage, pilot, "4")
        stage.backend.stack = unreachable()
        stage.app.session.look()
        screen.look_again()
        await stage.wait(pilot, lambda: screen.detail.problem is not None)
        await stage.wait(pilot, lambda: stage.view.reading.problem is not None)
        stage.clock.now = NOW + 30
        screen.refresh_view()
        await pilot.pause()

    assert snap_compare(stage.app, terminal_size=size, run_before=before)
