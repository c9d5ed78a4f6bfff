"""Writing a test of a row from the console: which row, what is being done, and how it ends."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.errors import InputError
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import FakeBackend
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.test_user import open_user
from tui.keymap import KEYMAP, Scope
from tui.screens.holding.holding_screen import HoldingScreen
from tui.screens.user.user_tables import UserWindowsTable

from .test_mismatches import opened, stage

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)])


async def asked(shown: Stage, pilot: Pilot[Any], key: str) -> HoldingScreen:
    await pilot.press(key)
    await shown.wait(pilot, lambda: isinstance(shown.app.screen, HoldingScreen))
    screen = shown.app.screen
    assert isinstance(screen, HoldingScreen)
    return screen


def calls(shown: Stage) -> list[str]:
    assert isinstance(shown.backend, FakeBackend)
    return [call for call in shown.backend.calls if call.startswith(("hold", "shrink"))]


@SIZES
async def test_a_mismatch_becomes_the_smallest_case(size: tuple[int, int]) -> None:
    shown = stage()
    async with shown.app.run_test(size=size, notifications=True) as pilot:
        await opened(shown, pilot)
        shown.backend.gate.clear()
        screen = await asked(shown, pilot, "s")
        await shown.shows(pilot, "The smallest case of rolling", "user_id 17")
        await shown.shows(pilot, "… starting a stack of its own", "esc cancels")
        active = {key: bound.binding.action for key, bound in screen.active_bindings.items()}
        for entry in KEYMAP:
            for key in entry.keys if entry.scope is Scope.HOLDING else ():
                assert active[key] == entry.action
        await pilot.press("y")
        await shown.toasts(pilot, "There is no test yet.")
        shown.backend.gate.set()
        await shown.shows(pilot, "4 records and their rows are held by /somewhere/test_it_holds.py")
        await pilot.press("y")
        assert shown.app.clipboard == "/somewhere/test_it_holds.py"
        await pilot.press("escape")
        await shown.shows(pilot, "Mismatches of rolling")
    (call,) = calls(shown)
    assert call.startswith("shrink rolling user_id=17 trans_date_trans_time=")


async def test_only_what_is_wrong_has_a_smallest_case() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(shown, pilot)
        await pilot.press("j", "j", "s")
        await shown.toasts(pilot, "Only a row that is wrong has a smallest case.")
    assert not calls(shown)


async def test_a_transaction_and_a_window_of_a_user_are_held() -> None:
    shown = Stage(source=FakeSource(live_batch()))
    async with shown.app.run_test(size=(120, 40)) as pilot:
        await open_user(shown, pilot)
        await asked(shown, pilot, "h")
        await shown.shows(pilot, "Hold rolling", "rows are held by")
        await pilot.press("escape")
        shown.app.screen.query_one(UserWindowsTable).focus()
        await asked(shown, pilot, "h")
        await shown.shows(pilot, "Hold tumbling", "rows are held by")
    first, second = calls(shown)
    assert "hold rolling user_id=" in first and " trans_date_trans_time=20" in first
    assert "hold tumbling user_id=" in second
    assert " window_start=20" in second and " window_end=20" in second


async def test_it_is_cancelled_and_its_thread_ends() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(shown, pilot)
        shown.backend.gate.clear()
        await asked(shown, pilot, "s")
        await shown.shows(pilot, "… starting a stack of its own")
        await pilot.press("escape")
        await shown.toasts(pilot, "Cancelled; no test is written.")
        await shown.shows(pilot, "Mismatches of rolling")
        shown.backend.gate.set()

        def ended() -> bool:
            return all(thread.name != "fraudwatch-hold" for thread in threading.enumerate())

        await shown.wait(pilot, ended)


async def test_why_it_is_not_written_is_a_sentence() -> None:
    shown = stage()
    shown.backend.job_failure = InputError("Flink and DuckDB agree.", "Look elsewhere.")
    async with shown.app.run_test(size=(80, 24)) as pilot:
        await opened(shown, pilot)
        await asked(shown, pilot, "s")
        await shown.shows(pilot, "Flink and DuckDB agree. Look elsewhere.", "esc closes")
        await pilot.press("q")
        await shown.shows(pilot, "Mismatches of rolling")
