"""Only `y` and the mouse confirm a dialog."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.snapshot.dialogs import DialogApp, shown
from tui.screens.commands.confirm import ConfirmScreen


@asynccontextmanager
async def asked(
    question: str = "Cancel tumbling?", size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[DialogApp[bool], Pilot[Any]]]:
    app = DialogApp(
        ConfirmScreen(question, "Its savepoints and checkpoints are deleted.", "cancel it")
    )
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


@pytest.mark.parametrize(
    ("key", "answer"), [("y", True), ("n", False), ("escape", False), ("q", False)]
)
async def test_keys_that_answer(key: str, answer: bool) -> None:
    async with asked() as (app, pilot):
        await pilot.press(key)
        assert app.answers == [answer]


@pytest.mark.parametrize("key", ["enter", "space", "Y", "tab", "d", "ctrl+d", "s"])
async def test_keys_that_do_not(key: str) -> None:
    async with asked() as (app, pilot):
        await pilot.press(key, key)
        assert app.answers == []
        assert isinstance(app.screen, ConfirmScreen)


@pytest.mark.parametrize(("choice", "answer"), [("#confirm", True), ("#refuse", False)])
async def test_the_mouse_answers(choice: str, answer: bool) -> None:
    async with asked() as (app, pilot):
        await pilot.click(choice)
        await pilot.pause()
        assert app.answers == [answer]


async def test_it_names_what_is_lost_and_text_is_only_text() -> None:
    async with asked("Cancel [red]x\x1b[2J\u202e?") as (app, _):
        words = shown(app)
        assert "Cancel [red]x␛[2J�?" in words
        assert "Its savepoints and checkpoints are deleted." in words
        assert "\x1b" not in words


async def test_it_fits_a_small_terminal() -> None:
    async with asked(size=(30, 10)) as (app, pilot):
        assert "Cancel tumbling?" in shown(app)
        await pilot.press("y")
        assert app.answers == [True]
