"""What the dialogs and the palette look like; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen

from pipeline.model import Resume, SimulatorStatus
from tui.screens.commands.changed import ChangedScreen
from tui.screens.commands.confirm import ConfirmScreen
from tui.screens.export.dialog import ExportScreen
from tui.screens.palette import Jumps, Palette
from tui.screens.simulator import SimulatorScreen
from tui.theme import COLOUR_BLIND_SAFE, DARK, LIGHT, MONOCHROME, THEMES, title

from .fakes import Clock, FakeSource, live_batch, unreachable, user
from .stage import Stage

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
IN_TWO = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=title)
Compare = Callable[..., bool]
Size = tuple[int, int]

RUNNING = SimulatorStatus(
    up=True, rate=104, speed=720, sent=1_212_345, event_time="2023-03-04 17:22:10"
)
FAILING = replace(RUNNING, paused=True, error="Kafka at 127.0.0.1:9092 does not answer.")


def dialog(name: str) -> ModalScreen[Any]:
    match name:
        case "confirm":
            return ConfirmScreen(
                "Cancel tumbling?",
                "Its savepoints and checkpoints are deleted; the next start begins with the "
                "oldest transaction in Kafka.",
                "cancel it",
            )
        case "changed":
            return ChangedScreen(
                "rolling has changed since its savepoint of 2023-03-04 17:00.",
                (Resume.FRESH, Resume.AS_BEFORE),
            )
        case "export":
            what = "Users, 1,234 of 20,000 that match count>5"
            return ExportScreen(what, 1_234, Path("/home/ada"), "users-2023-03-04")
        case "simulator":
            return SimulatorScreen(lambda: RUNNING, lambda _: None, Clock())
        case "simulator-failing":
            return SimulatorScreen(lambda: FAILING, lambda _: None, Clock())
        case "palette":
            topics = ("transaction", "flagged_transactions")
            users = [user(number) for number in range(3)]
            return Palette(Jumps(lambda *_: users, lambda: topics, lambda _: None, lambda _: None))
    raise ValueError(name)


def over_the_dashboard(stage: Stage, theme: str, name: str, *keys: str) -> Any:
    async def before(pilot: Pilot[Any]) -> None:
        stage.app.theme = theme
        await stage.live(pilot)
        await pilot.press("2")
        await stage.settle(pilot)
        stage.app.push_screen(dialog(name))
        await pilot.pause()
        await pilot.press(*keys)
        await stage.wait(pilot, lambda: all(worker.is_finished for worker in stage.app.workers))
        await pilot.pause()

    return before


@SIZES
@IN_TWO
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("confirm", ()),
        ("changed", ()),
        ("export", ("p",)),
        ("simulator", ("plus",)),
        ("simulator-failing", ()),
        ("palette", ()),
        ("palette", tuple("stop")),
        ("palette", tuple("topic")),
        ("palette", tuple("12")),
    ],
    ids=lambda value: value if isinstance(value, str) else "".join(value) or "as-opened",
)
def test_dialog(
    snap_compare: Compare, size: Size, theme: Any, name: str, keys: tuple[str, ...]
) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = over_the_dashboard(stage, theme.name, name, *keys)
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
@IN_TWO
def test_columns(snap_compare: Compare, size: Size, theme: Any) -> None:
    """Chosen in a box over the table that has them."""
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        stage.app.theme = theme.name
        await stage.live(pilot)
        await pilot.press("2", "c", "j", "space", "j", "j")
        await stage.settle(pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("theme", [COLOUR_BLIND_SAFE, MONOCHROME], ids=title)
@pytest.mark.parametrize("name", ["confirm", "export", "simulator-failing", "palette"])
def test_dialog_without_hues(snap_compare: Compare, theme: Any, name: str) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = over_the_dashboard(stage, theme.name, name)
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)


@pytest.mark.parametrize("theme", THEMES, ids=title)
def test_trouble(snap_compare: Compare, theme: Any) -> None:
    """Danger and waiting in each theme."""
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        stage.app.theme = theme.name
        await stage.live(pilot)
        stage.backend.stack = unreachable()
        stage.backend.job_failure = unreachable()
        await pilot.press("r", "p")
        await stage.wait(pilot, lambda: stage.view.reading.problem is not None)
        await stage.pass_time(pilot, 12)
        await pilot.press("x", "4")
        await stage.toasts(pilot, "rolling: Flink at")
        await stage.settle(pilot)

    assert snap_compare(stage.app, terminal_size=(120, 40), run_before=before)
