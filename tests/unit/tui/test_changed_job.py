"""A job that has changed since its state was saved is only started as the user chooses."""

from __future__ import annotations

import pytest

from pipeline.model.jobs import Resume
from tests.snapshot.dialogs import DialogApp, shown
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.test_job import open_job
from tui.screens.commands.changed import ChangedScreen
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.job.job_screen import JobScreen

WHY = "rolling has changed since its savepoint of 2023-03-04 17:00."
BOTH = (Resume.FRESH, Resume.AS_BEFORE)


def stage() -> Stage:
    made = Stage(source=FakeSource(live_batch()))
    made.backend.changed = True
    return made


@pytest.mark.parametrize(
    ("key", "answer"),
    [("f", Resume.FRESH), ("b", Resume.AS_BEFORE), ("n", None), ("escape", None), ("q", None)],
)
async def test_keys_that_answer(key: str, answer: Resume | None) -> None:
    app = DialogApp(ChangedScreen(WHY, BOTH))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert WHY in shown(app)
        await pilot.press("enter", "space", "s", "y")
        assert app.answers == []
        await pilot.press(key)
        assert app.answers == [answer]


async def test_what_is_not_known_cannot_be_chosen() -> None:
    app = DialogApp(ChangedScreen(WHY, [Resume.FRESH]))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "as before" not in shown(app)
        await pilot.press("b")
        assert app.answers == []
        await pilot.click("#fresh")
        await pilot.pause()
        assert app.answers == [Resume.FRESH]


@pytest.mark.parametrize(("key", "how"), [("f", "fresh"), ("b", "as-before")])
async def test_the_second_start_on_the_dashboard_asks(key: str, how: str) -> None:
    made = stage()
    async with made.app.run_test(size=(120, 40), notifications=True) as pilot:
        await made.live(pilot)
        await pilot.press("1", "x")
        await made.shows(pilot, "its state is saved")
        await pilot.press("s")
        await made.shows(pilot, "Start it again to choose how.")
        assert isinstance(made.app.screen, Dashboard)
        await pilot.press("s")
        assert isinstance(made.app.screen, ChangedScreen)
        await pilot.press("n")
        assert isinstance(made.app.screen, Dashboard)
        assert made.backend.calls[-1] == "start rolling"
        await pilot.press("s", key)
        await made.wait(pilot, lambda: made.backend.calls[-1] == f"start rolling {how}")
        await made.shows(pilot, "running")
        # It is running, so there is nothing to ask.
        await pilot.press("s")
        assert isinstance(made.app.screen, Dashboard)
        await made.shows(pilot, "rolling is already running.")


async def test_the_job_screen_asks_too() -> None:
    made = stage()
    async with made.app.run_test(size=(120, 40), notifications=True) as pilot:
        await open_job(made, pilot, "x")
        await made.shows(pilot, "its state is saved")
        await pilot.press("s")
        await made.shows(pilot, "Start it again to choose how.")
        await pilot.press("s", "f")
        await made.wait(pilot, lambda: made.backend.calls[-1] == "start rolling fresh")
        assert isinstance(made.app.screen, JobScreen)
