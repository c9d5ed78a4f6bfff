"""What the screen of one user looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.errors import UnavailableError
from tui.screens.user.screen import UserScreen
from tui.streams.history import HistoryBatch

from .fakes import FakeSource, live_batch
from .stage import Stage

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"]
)
Compare = Callable[..., bool]


async def open_user(stage: Stage, pilot: Pilot[Any], *keys: str) -> UserScreen:
    """Go to the third user and wait until the history is read, or is said to be unreadable."""
    await stage.live(pilot)
    await pilot.press("2", "j", "j", "enter")
    await stage.wait(pilot, lambda: isinstance(stage.app.screen, UserScreen))
    screen = stage.app.screen
    assert isinstance(screen, UserScreen)
    await stage.wait(pilot, lambda: screen.history.caught_up or bool(screen.history.error))
    await pilot.press(*keys)
    screen.refresh_view()
    await pilot.pause()
    return screen


@SIZES
@pytest.mark.parametrize("light", [False, True], ids=["dark", "light"])
def test_user(snap_compare: Compare, size: tuple[int, int], light: bool) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await open_user(stage, pilot, *(["T"] if light else []))
        stage.app.clear_notifications()
        await pilot.pause()

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize(
    "history",
    [HistoryBatch(read=12_000, lag=0), UnavailableError("Kafka does not answer.", "Try again.")],
    ids=["nothing", "away"],
)
def test_no_history(snap_compare: Compare, size: tuple[int, int], history: Any) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    stage.history = [history] * 100

    async def before(pilot: Pilot[Any]) -> None:
        await open_user(stage, pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)
