"""What the dialogs and the palette look like; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.theme import Theme

from pipeline.model.jobs import Resume
from pipeline.model.simulator import Pattern, SimulatorStatus
from tui.screens.commands.changed import ChangedScreen
from tui.screens.commands.confirm import ConfirmScreen
from tui.screens.export.dialog import ExportScreen
from tui.screens.palette import Jumps, Palette
from tui.screens.simulator import SimulatorScreen
from tui.theme import DARK, THEMES, title

from .fake_source import FakeSource
from .fakes import Clock, unreachable
from .sample_rows import live_batch, user
from .stage import Before, Stage, box, flowing
from .test_dashboard import when_live

Compare = Callable[..., bool]

RUNNING = SimulatorStatus(
    up=True, rate=104, speed=720, sent=1_212_345, event_time="2023-03-04 17:22:10"
)
FAILING = replace(
    RUNNING,
    paused=True,
    error="Kafka at 127.0.0.1:9092 does not answer.",
    patterns=tuple(Pattern),
    label_delay=86_400.0,
    labels_pending=16_514,
)


DIALOGS: Final[dict[str, tuple[str, ...]]] = {
    "confirm": (),
    "changed": (),
    "export": ("p",),
    "simulator": ("plus",),
    "simulator-failing": (),
    "palette": (),
}
"""Dialogs, and the keys that are pressed in each."""
COLUMNS_KEYS: Final = ("2", "c", "j", "space", "j", "j")


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


def over_the_dashboard(stage: Stage, name: str, *keys: str) -> Before:
    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await pilot.press("2")
        await stage.settle(pilot)
        await stage.app.push_screen(dialog(name))
        await pilot.press(*keys)
        if name == "palette":
            # Ready once it has listed its first lines; while it lists more, it may show that.
            await stage.wait(pilot, lambda: stage.app.screen.has_class("-ready"))
        await stage.wait(pilot, lambda: all(worker.is_finished for worker in stage.app.workers))
        await pilot.pause()

    return before


@pytest.mark.parametrize(("name", "keys"), [*DIALOGS.items()], ids=[*DIALOGS])
def test_dialog(snap_compare: Compare, name: str, keys: tuple[str, ...]) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = over_the_dashboard(stage, name, *keys)
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)


def test_wide_palette(snap_compare: Compare) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = over_the_dashboard(stage, "palette")
    assert snap_compare(stage.app, terminal_size=(120, 40), run_before=before)


def test_columns(snap_compare: Compare) -> None:
    """Chosen in a box over the table that has them."""
    stage = Stage(source=FakeSource(live_batch()))
    before = when_live(stage, *COLUMNS_KEYS)
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)


def trouble(theme: Theme) -> tuple[Stage, Before]:
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

    return stage, before


@pytest.mark.parametrize("theme", THEMES, ids=title)
def test_trouble(snap_compare: Compare, theme: Theme) -> None:
    stage, before = trouble(theme)
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)


async def test_on_a_wide_screen_trouble_shows_in_its_row_and_in_a_toast_of_two_lines() -> None:
    stage, before = trouble(DARK)
    lines = await stage.lines((120, 40), before)
    assert (
        flowing(lines[1]) == "Flink at http://127.0.0.1:8081 does not answer. Last seen 12 s ago."
    )
    assert [line[:70].rstrip() for line in lines[5:8]] == [
        " ? rolling     running                 104/s         12  Flink at ht…",
        " ? tumbling    running                 104/s     25,310  → user_…owed",
        " ? flagged     running                 104/s          0  → flagg…ions",
    ]
    left = lines[37].index("▌ rolling: Flink at http://127.0.0.1:8081 does not answer.")
    assert lines[38].index("▌ See whether it runs with `fraudwatch status`.") == left


@pytest.mark.parametrize("name", [name for name in (*DIALOGS, "columns") if name != "palette"])
async def test_a_dialog_is_the_same_in_the_middle_of_a_larger_screen(name: str) -> None:
    async def shown(size: tuple[int, int]) -> tuple[int, int, list[str]]:
        stage = Stage(source=FakeSource(live_batch()))
        if name == "columns":
            return box(await stage.lines(size, when_live(stage, *COLUMNS_KEYS)))
        return box(await stage.lines(size, over_the_dashboard(stage, name, *DIALOGS[name])))

    _, _, smaller = await shown((80, 24))
    top, left, lines = await shown((120, 40))
    assert lines == smaller
    assert left == (120 - len(lines[0])) // 2
    assert top == (40 - len(lines)) // 2


FOUND = {
    "stop": (
        "stop",
        "i simulator — Pause, speed up or stop the simulator; inject fraud",
        "g Home top — First row; stay on top as new rows arrive",
        "6 records — Records: browse any topic",
        "5 plots — Go to Plots",
        "w windows — Other windows, own features, signals; streams in Plots",
    ),
    "topic": (
        "topic",
        "Open topic transaction",
        "Open topic flagged_transactions",
        "6 records — Records: browse any topic",
        "i simulator — Pause, speed up or stop the simulator; inject fraud",
    ),
    "12": (
        "12",
        "Go to user -7911603569390985487",
        "Go to user 3489111249932212998",
        "Go to user -3556918004454140133",
        "Go to user 12",
        "/ filter — Filter: words, or fields such as count>5 mean>300 user:-3122",
    ),
}


@pytest.mark.parametrize(("size", "room"), [((80, 24), 72), ((120, 40), 92)], ids=["80", "120"])
@pytest.mark.parametrize("typed", FOUND)
async def test_the_palette_finds(size: tuple[int, int], room: int, typed: str) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    _, _, lines = box(await stage.lines(size, over_the_dashboard(stage, "palette", *typed)))
    entries = [line[1:-1] for line in lines[1:-1]]
    assert {len(entry) for entry in entries} == {room + 2}
    if typed == "stop":
        assert entries[2].startswith("  g Home    top — First row")
    for entry, found in zip(entries, FOUND[typed], strict=True):
        said = flowing(entry)
        # What is too long ends in an ellipsis at the border.
        assert said == found or (len(entry.rstrip()) == room and found.startswith(said[:-1]))
        assert said == found or said.endswith("…")
