"""Every key of every screen in random order: nothing changes without being asked for."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.snapshot.fakes import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tui.keymap import KEYMAP, Scope
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.palette import Palette

# `FRAUDWATCH_KEYS=20000` presses for an hour.
PRESSED: Final = int(os.environ.get("FRAUDWATCH_KEYS", "120"))
SEEDS: Final = (1, 2, 3)
_ENDS: Final = frozenset({"app.quit", "app.leave", "app.suspend_process"})
# A dialog is answered by the code that opened it.
_ANSWERS: Final = frozenset({Scope.QUESTION, Scope.CHANGED})
# Unbound keys, and characters of ordinary text.
_OTHERS: Final = ("z", "Z", "f5", "ctrl+x", "backspace", "delete", "ctrl+a", "9", "0", "comma", "é")
KEYS: Final = tuple(sorted({key for entry in KEYMAP for key in entry.keys}.union(_OTHERS)))
# The keys that lead to every screen from the dashboard.
SCREENS: Final = {
    "dashboard": [],
    "user": ["2", "enter"],
    "job": ["1", "enter"],
    "records": ["6", "enter"],
    "topics": ["6"],
    "inspect": ["6", "enter", "n"],
    "a time": ["6", "enter", "a"],
    "quarantine": ["b"],
    "signals": ["7"],
    "quality": ["7", "Q"],
    "columns": ["2", "c"],
    "export": ["2", "E"],
    "filter": ["4", "slash"],
    "record": ["4", "enter"],
    "help": ["question_mark"],
    "palette": ["ctrl+p"],
}


def stage_of(folder: Path, *, read_only: bool) -> Stage:
    tails = FakeTails({"transaction": [record(number) for number in range(40)], "other": []})
    batch = live_batch()
    return Stage(source=FakeSource(batch), tails=tails, folder=folder, read_only=read_only)


def ends(stage: Stage, key: str) -> bool:
    """Whether a key would quit or suspend the console, or run what the palette has found."""
    if key in ("ctrl+q", "ctrl+c"):
        # These work on every screen.
        return True
    bound = stage.app.screen.active_bindings.get(key)
    if isinstance(stage.app.screen, Palette):
        return key in ("enter", "ctrl+z")
    if bound is None or bound.binding.action not in _ENDS:
        return False
    return bound.binding.action != "app.leave" or isinstance(stage.app.screen, Dashboard)


def asks_for_a_change(stage: Stage, key: str) -> bool:
    """Whether a key changes something outside the console."""
    if isinstance(stage.app.focused, Input):
        return False
    bound = stage.app.screen.active_bindings.get(key)
    return bound is not None and any(
        bound.binding.tooltip == entry.help and (entry.changes or entry.scope in _ANSWERS)
        for entry in KEYMAP
        if key in entry.keys
    )


async def press(stage: Stage, pilot: Pilot[Any], key: str) -> None:
    if not ends(stage, key):
        await pilot.press(key)


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_changes_unless_it_is_asked_for(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    stage = stage_of(tmp_path, read_only=False)
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await stage.live(pilot)
        for number in range(PRESSED):
            if number % 15 == 0:
                await go_to(stage, pilot, random.choice(list(SCREENS)))
            key = random.choice(KEYS)
            if not asks_for_a_change(stage, key):
                await press(stage, pilot, key)
            assert stage.backend.calls == ["bring_up"], key
        await stage.settle(pilot)
        assert stage.app.is_running
        assert stage.backend.calls == ["bring_up"]


@pytest.mark.timeout(1_800)
async def test_a_read_only_console_changes_nothing_whatever_is_pressed(tmp_path: Path) -> None:
    random = Random(0)
    stage = stage_of(tmp_path, read_only=True)
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await stage.live(pilot)
        for screen in SCREENS:
            await go_to(stage, pilot, screen)
            for _ in range(PRESSED // len(SCREENS)):
                await press(stage, pilot, random.choice(KEYS))
        await stage.settle(pilot)
        assert stage.app.is_running
        # The console attaches and asks for nothing more.
        assert stage.backend.calls == ["bring_up"]


async def go_to(stage: Stage, pilot: Pilot[Any], screen: str) -> None:
    """Go to a screen from wherever earlier keys have led."""
    for _ in range(12):
        focused = stage.app.focused
        if isinstance(stage.app.screen, Dashboard) and not isinstance(focused, Input):
            break
        await pilot.press("escape")
    assert isinstance(stage.app.screen, Dashboard)
    await pilot.press(*SCREENS[screen])
    # A topic can be chosen once the topics are known.
    await pilot.pause()
