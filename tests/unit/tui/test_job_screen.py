"""The keys of a job's screen: sections, scrolling, neighbours and commands."""

from __future__ import annotations

import pytest
from textual.containers import VerticalScroll

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import DETAIL, FakeBackend
from tests.snapshot.sample_findings import FOUND
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.test_job import open_job
from tui.keymap import KEYMAP, Scope
from tui.screens.commands.confirm import ConfirmScreen
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.job.job_screen import JobScreen


def stage() -> Stage:
    return Stage(FakeBackend(found=FOUND), FakeSource(live_batch()))


async def test_every_key_of_the_scope_is_bound() -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 30)) as pilot:
        screen = await open_job(shown, pilot)
        active = {key: bound.binding.action for key, bound in screen.active_bindings.items()}
        for entry in KEYMAP:
            for key in entry.keys if entry.scope in (Scope.JOB, Scope.APP) else ():
                assert active[key] == entry.action


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["1"], "Project[r0]"),
        (["2"], "INSERT INTO `rolling_sink`"),
        (["3"], "Caused by: java.io.IOException: gone"),
        (["4"], "→ checkpoint"),
        (["right", "right"], "Caused by"),
        (["tab"], "CREATE TEMPORARY TABLE"),
        (["5"], "A value was there after median 0.26 s 99 of 100 1.6 s longest 1 min"),
        (["5"], "up to 1 s 46.3 % █"),
        (["5"], "the final value 6.5 % 96.2 % 99.5 %"),
        (["5"], "no value 10.0 % 1.4 % 0.0 %"),
        (["left", "left"], "→ checkpoint"),
        (["shift+tab"], "A value was there after"),
    ],
)
async def test_sections(keys: list[str], said: str) -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 40)) as pilot:
        await open_job(shown, pilot, *keys)
        await shown.shows(pilot, said)


async def test_scrolling() -> None:
    shown = stage()
    async with shown.app.run_test(size=(80, 16)) as pilot:
        screen = await open_job(shown, pilot, "2", "j", "j", "j", "k")
        assert screen.query_one("#section", VerticalScroll).scroll_offset.y == 2


async def test_neighbours() -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 30)) as pilot:
        await open_job(shown, pilot)
        for key, name in ((">", "tumbling"), ("<", "rolling"), ("<", "flagged"), (">", "rolling")):
            await pilot.press("greater_than_sign" if key == ">" else "less_than_sign")
            await pilot.pause()
            assert isinstance(shown.app.screen, JobScreen)
            assert shown.app.screen.job == name
        await pilot.press("escape")
        assert isinstance(shown.app.screen, Dashboard)


async def test_commands_and_the_confirmation_before_state_is_lost() -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 30), notifications=True) as pilot:
        await open_job(shown, pilot, "x")
        await shown.wait(pilot, lambda: shown.backend.calls[-1] == "stop rolling")
        await shown.shows(pilot, "its state is saved")
        await pilot.press("s")
        await shown.wait(pilot, lambda: shown.backend.calls[-1] == "start rolling")
        await shown.shows(pilot, "running")
        await pilot.press("ctrl+d")
        assert isinstance(shown.app.screen, ConfirmScreen)
        await pilot.press("n")
        assert isinstance(shown.app.screen, JobScreen)
        await pilot.press("ctrl+d", "y")
        await shown.wait(pilot, lambda: shown.backend.calls[-1] == "cancel rolling")
        assert shown.backend.calls.count("cancel rolling") == 1


async def test_y_copies_the_sql() -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 30), notifications=True) as pilot:
        await open_job(shown, pilot, "y")
        assert shown.app.clipboard == DETAIL.sql
        await shown.shows(pilot, "Copied the SQL of rolling")


async def test_read_only_disables_commands() -> None:
    shown = Stage(source=FakeSource(live_batch()), read_only=True)
    async with shown.app.run_test(size=(100, 30)) as pilot:
        await open_job(shown, pilot, "s", "x", "ctrl+d")
        assert isinstance(shown.app.screen, JobScreen)
        assert shown.backend.calls == ["bring_up"]


async def test_cancelling_asks_on_the_dashboard_too() -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 30)) as pilot:
        await shown.live(pilot)
        await pilot.press("1", "j", "ctrl+d")
        await shown.shows(pilot, "Cancel tumbling?")
        await pilot.press("escape")
        assert shown.backend.calls == ["bring_up"]
        await pilot.press("ctrl+d", "y")
        await shown.wait(pilot, lambda: shown.backend.calls[-1] == "cancel tumbling")
