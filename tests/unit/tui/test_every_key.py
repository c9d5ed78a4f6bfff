"""Every key of every screen in random order: nothing changes without being asked for."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Final

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

import tui.screens
from tests.snapshot.stage import Stage
from tui.keymap import KEYMAP, Scope
from tui.screens.alert.note_dialog import NoteDialog
from tui.screens.closing import ClosingScreen
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.palette import Palette

from .every_screen import WAYS, begin, go_to, scopes, stage_of

# `FRAUDWATCH_KEYS=20000` presses for an hour.
PRESSED: Final = int(os.environ.get("FRAUDWATCH_KEYS", "150"))
MOST_IN_A_ROW: Final = 9
SEEDS: Final = (1, 2, 3)
_ENDS: Final = frozenset({"app.quit", "app.leave", "app.suspend_process"})
# A dialog is answered by the code that opened it.
_ANSWERS: Final = frozenset({Scope.QUESTION, Scope.CHANGED})
# Unbound keys, and characters of ordinary text.
_OTHERS: Final = ("z", "Z", "f5", "ctrl+x", "backspace", "delete", "ctrl+a", "9", "0", "comma", "é")
KEYS: Final = tuple(sorted({key for entry in KEYMAP for key in entry.keys}.union(_OTHERS)))


def screens() -> set[type[Screen[Any]]]:
    """Every class of a screen that can be shown, except the last one before the end."""
    found: set[type[Screen[Any]]] = set()
    for each in pkgutil.walk_packages(tui.screens.__path__, f"{tui.screens.__name__}."):
        module = importlib.import_module(each.name)
        found |= {
            kind
            for _, kind in inspect.getmembers(module, inspect.isclass)
            if issubclass(kind, Screen) and kind.__module__ == each.name
        }
    bases = {base for kind in found for base in kind.__mro__[1:]}
    return found - bases - {ClosingScreen}


def shows(stage: Stage, kind: type[Screen[Any]]) -> bool:
    return isinstance(stage.app.screen, kind)


async def test_there_is_a_way_to_every_screen_and_every_scope(tmp_path: Path) -> None:
    assert {way.screen for way in WAYS.values()} == screens()
    stage = stage_of(tmp_path, read_only=False)
    reached: set[Scope] = set()
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await begin(stage, pilot)
        for name, way in WAYS.items():
            await go_to(stage, pilot, name)
            wanted = way.screen
            await stage.wait(
                pilot, partial(lambda kind: isinstance(stage.app.screen, kind), wanted)
            )
            reached |= scopes(stage)
    assert reached == set(Scope)


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
    if isinstance(stage.app.screen, NoteDialog):
        return key == "enter"
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


def changes(stage: Stage) -> list[str]:
    """What was changed outside the console; a proof changes nothing."""
    return [call for call in stage.backend.calls if not call.startswith("prove ")]


async def press_any(
    stage: Stage, pilot: Pilot[Any], random: Random, *, but_for_changes: bool
) -> None:
    """Press some keys, none of which asks for a change."""
    for _ in range(random.randint(1, MOST_IN_A_ROW)):
        key = random.choice(KEYS)
        if not (but_for_changes and asks_for_a_change(stage, key)):
            await press(stage, pilot, key)


def visits(random: Random) -> list[str]:
    """The screens to visit: each of them, and again for as many keys as are to be pressed."""
    rounds = max(1, PRESSED // (len(WAYS) * (MOST_IN_A_ROW + 1) // 2))
    return [name for _ in range(rounds) for name in random.sample(list(WAYS), len(WAYS))]


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("seed", SEEDS)
async def test_nothing_changes_unless_it_is_asked_for(seed: int, tmp_path: Path) -> None:
    random = Random(seed)
    stage = stage_of(tmp_path, read_only=False)
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await begin(stage, pilot)
        for name in visits(random):
            await go_to(stage, pilot, name)
            before = changes(stage)
            await press_any(stage, pilot, random, but_for_changes=True)
            await stage.settle(pilot)
            assert changes(stage) == before, name
        assert stage.app.is_running


@pytest.mark.timeout(1_800)
async def test_a_read_only_console_changes_nothing_whatever_is_pressed(tmp_path: Path) -> None:
    random = Random(0)
    stage = stage_of(tmp_path, read_only=True)
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await begin(stage, pilot)
        for name in visits(random):
            await go_to(stage, pilot, name)
            await press_any(stage, pilot, random, but_for_changes=False)
        await stage.settle(pilot)
        assert stage.app.is_running
        # The console attaches and asks for nothing more.
        assert changes(stage) == ["bring_up"]
