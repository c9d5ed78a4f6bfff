"""What the screen of one user looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.errors import UnavailableError
from tui.screens.user.user_screen import UserScreen
from tui.streams.history import HistoryBatch

from . import own_user
from .fake_source import FakeSource
from .sample_rows import live_batch
from .stage import Before, Stage, flowing

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"]
)
Compare = Callable[..., bool]


async def open_user(stage: Stage, pilot: Pilot[Any], *keys: str) -> UserScreen:
    """Open the third user and wait until the history is read, or shown as unreadable."""
    await stage.live(pilot)
    await pilot.press("2", "j", "j", "enter")
    await stage.wait(pilot, lambda: isinstance(stage.app.screen, UserScreen))
    screen = stage.app.screen
    assert isinstance(screen, UserScreen)
    await stage.wait(pilot, lambda: screen.history.caught_up or bool(screen.history.error))
    await pilot.press(*keys)
    stage.draw()
    await pilot.pause()
    return screen


@SIZES
def test_user(snap_compare: Compare, size: tuple[int, int]) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await open_user(stage, pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


async def test_a_user_of_ones_own_stream() -> None:
    stage = own_user.stage(own_user.a_day())
    lines = await stage.lines((120, 40), lambda pilot: own_user.opened(stage, pilot))
    assert [flowing(line) for line in lines[:2]] == [
        "account DE07 in payments.v2",
        "48 records 3 flagged shown since 2024-03-01 12:00:00",
    ]
    assert flowing(lines[2]) == "Amounts paid ● 3 flagged • 45 others ─ Features 3"
    beside = lines[2].index("─  Features")
    assert [flowing(line[beside:]) for line in lines[3:8]] == [
        "feature value of latest event time",
        "spend spent 910.25 03-01 13:00:00",
        "spend n 2 03-01 13:00:00",
        "hours total 910.25 03-01 13:00:00",
        "bad_ones rows 2 03-01 13:00:00",
    ]
    assert flowing(lines[19]) == "event time, 2024-03-01 → 2024-03-02"
    assert [flowing(line) for line in lines[21:24]] == [
        "─ Records 48",
        "at paid iban bad",
        "2024-03-02 11:30:00 212.47 •••• false",
    ]
    # The points of the amounts are below each other.
    assert len({line.index(".") for line in lines[23:39]}) == 1


NOTHING = HistoryBatch(read=12_000, lag=0)
AWAY = UnavailableError("Kafka does not answer.", "Try again.")


def without_history(history: HistoryBatch | Exception) -> tuple[Stage, Before]:
    stage = Stage(source=FakeSource(live_batch()))
    stage.history = [history] * 100
    return stage, lambda pilot: open_user(stage, pilot)


@pytest.mark.parametrize("history", [NOTHING, AWAY], ids=["nothing", "away"])
def test_no_history(snap_compare: Compare, history: HistoryBatch | Exception) -> None:
    stage, before = without_history(history)
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)


async def test_a_user_without_history_shows_how_much_was_read() -> None:
    stage, before = without_history(NOTHING)
    lines = await stage.lines((120, 40), before)
    assert {row: flowing(line) for row, line in enumerate(lines) if line} == {
        0: "user -3556918004454140133",
        1: "0 transactions 0 flagged",
        2: "Amounts amount ─ Windows 0",
        8: "No closed window of this user yet.",
        11: "Nothing to plot yet.",
        21: "─ Transactions 0",
        27: ("None of the last 1,200,000 records in Kafka belongs to this user."),
        39: "h hold > next < previous q back ctrl+p palette ? help",
    }
    assert lines[2].index("─  Windows 0 ─") == 70
    nothing = "Nothing to plot yet."
    assert lines[11].index(nothing) == (69 - len(nothing)) // 2
    said = "None of the last 1,200,000 records in Kafka belongs to this user."
    assert lines[27] == " " * ((120 - len(said)) // 2) + said


async def test_a_history_that_cannot_be_read_says_why() -> None:
    stage, before = without_history(AWAY)
    lines = await stage.lines((120, 40), before)
    assert {row: flowing(line) for row, line in enumerate(lines) if line} == {
        0: "user -3556918004454140133",
        1: "Kafka: Kafka does not answer. Try again. Nothing has been read yet.",
        2: "Amounts amount ─ Windows 0",
        11: "Nothing to plot yet.",
        21: "─ Transactions 0",
        27: "Kafka: Kafka does not answer. Try again.",
        39: "h hold > next < previous q back ctrl+p palette ? help",
    }
    assert lines[2].index("─  Windows 0 ─") == 70
    nothing = "Nothing to plot yet."
    assert lines[11].index(nothing) == (69 - len(nothing)) // 2
    said = "Kafka: Kafka does not answer. Try again."
    assert lines[27] == " " * ((120 - len(said)) // 2) + said
