"""A console in which every screen has something to show, and the keys that lead to each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from pipeline.model.jobs import JobState
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, SINKS, STATUS, FakeBackend
from tests.snapshot.own_user import BATCH, FEATURES, NOON, PAYMENTS
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.signals import RULES, RULES_JOB, scored, signal_sink
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tui.keymap import KEYMAP, Scope
from tui.screens.alert.alert_screen import AlertScreen
from tui.screens.alert.note_dialog import NoteDialog
from tui.screens.beside.beside_screen import BesideScreen
from tui.screens.columns import ColumnsScreen
from tui.screens.commands.changed import ChangedScreen
from tui.screens.commands.confirm import ConfirmScreen
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.export.dialog import ExportScreen
from tui.screens.help import HelpScreen
from tui.screens.holding.holding_screen import HoldingScreen
from tui.screens.job.job_screen import JobScreen
from tui.screens.mismatches.mismatch_screen import MismatchScreen
from tui.screens.palette import Palette
from tui.screens.quality.quality_screen import QualityScreen
from tui.screens.quarantine.quarantine_screen import QuarantineScreen
from tui.screens.records.inspect_screen import InspectScreen
from tui.screens.records.records_screen import RecordsScreen
from tui.screens.records.topic_picker import TopicPicker
from tui.screens.records.when_dialog import WhenDialog
from tui.screens.rows.rows_screen import RowsScreen
from tui.screens.simulator import SimulatorScreen
from tui.screens.user.own_user_screen import OwnUserScreen
from tui.screens.user.user_screen import UserScreen
from tui.streams.source import Batch

from .test_mismatches import FOUND, WRONG


@dataclass(frozen=True, slots=True)
class Way:
    """The way to a screen.

    Attributes:
        screen: The screen's class.
        keys: The keys that lead to it from the dashboard.
        changes: Whether one of them asks for a change, which a read-only console refuses.
    """

    screen: type[Screen[Any]]
    keys: Sequence[str] = ()
    changes: bool = False


WAYS: Final = {
    "dashboard": Way(Dashboard),
    "jobs": Way(Dashboard, ["1"]),
    "signals": Way(Dashboard, ["7"]),
    "filter": Way(Dashboard, ["4", "slash"]),
    "record": Way(Dashboard, ["4", "enter"]),
    "user": Way(UserScreen, ["2", "enter"]),
    "job": Way(JobScreen, ["1", "enter"]),
    "rows": Way(RowsScreen, ["1", "v"]),
    "mismatches": Way(MismatchScreen, ["1", "d"]),
    "topics": Way(TopicPicker, ["6"]),
    "records": Way(RecordsScreen, ["6", "enter"]),
    "inspect": Way(InspectScreen, ["6", "enter", "n"]),
    "a time": Way(WhenDialog, ["6", "enter", "a"]),
    "quarantine": Way(QuarantineScreen, ["b"]),
    "quality": Way(QualityScreen, ["7", "Q"]),
    "two signals": Way(BesideScreen, ["7", "B"]),
    "alert": Way(AlertScreen, ["7", "enter"]),
    "columns": Way(ColumnsScreen, ["2", "c"]),
    "export": Way(ExportScreen, ["2", "E"]),
    "help": Way(HelpScreen, ["question_mark"]),
    "palette": Way(Palette, ["ctrl+p"]),
    "note": Way(NoteDialog, ["7", "enter", "d"], changes=True),
    "question": Way(ConfirmScreen, ["1", "X"], changes=True),
    "changed job": Way(ChangedScreen, ["1", "G", "s"], changes=True),
    "simulator": Way(SimulatorScreen, ["i"], changes=True),
    "holding": Way(HoldingScreen, ["2", "enter", "h"], changes=True),
    # The last one, since the panel stays at that table.
    "own user": Way(OwnUserScreen, ["2", "w", "enter"]),
}


def stage_of(folder: Path, *, read_only: bool) -> Stage:
    """A console with jobs, mismatches, two signals, a changed job and a stream of one's own."""
    rolling = replace(JOBS[0], run="a1@1", proof=WRONG)
    stopped = replace(RULES_JOB, state=JobState.STOPPED, job_id="", started_at=None)
    identified = [replace(each, identity="user_id") for each in (RULES, signal_sink("model", 0.5))]
    rows = [scored(number) for number in range(70)]
    sinks = {
        "rules": rows,
        "model": rows[:50],
        "spend": [("DE07", NOON, Decimal(5), 1)],
    }
    backend = FakeBackend(
        stack=replace(STATUS, jobs=(rolling, *JOBS[1:], stopped)),
        features=(*SINKS, *identified, *FEATURES),
        own=(PAYMENTS,),
        found=FOUND,
        changed=True,
    )
    tails = FakeTails(
        {
            "transaction": [record(number) for number in range(40)],
            "other": [],
            f"team.{rolling.topic}": [record(number) for number in range(9)],
        }
    )
    stage = Stage(
        backend,
        FakeSource(live_batch(), Batch(sinks=sinks)),
        tails=tails,
        folder=folder,
        read_only=read_only,
    )
    stage.own_history = [BATCH]
    return stage


async def begin(stage: Stage, pilot: Pilot[Any]) -> None:
    """Wait for the stack; unless the console is read-only, start the job that has changed."""
    await stage.live(pilot)
    if not stage.app.read_only:
        await pilot.press("1", "G", "s")
        await stage.shows(pilot, "rules has changed since")


async def go_to(stage: Stage, pilot: Pilot[Any], name: str) -> None:
    """Go to a screen from wherever earlier keys have led; they may have shut the way."""
    for _ in range(12):
        focused = stage.app.focused
        if isinstance(stage.app.screen, Dashboard) and not isinstance(focused, Input):
            break
        await pilot.press("escape")
    assert isinstance(stage.app.screen, Dashboard)
    # It takes off a filter, and what else narrows the view.
    await pilot.press("escape")
    for key in WAYS[name].keys:
        await pilot.press(key)
        # A topic can be chosen once the topics are known, a row once those of the tab are there.
        await stage.settle(pilot)
        await stage.read(pilot)
        await stage.settle(pilot)


def scopes(stage: Stage) -> set[Scope]:
    """The scopes whose keys work now."""
    active = stage.app.screen.active_bindings
    return {
        entry.scope
        for entry in KEYMAP
        for key in entry.keys
        if key in active and active[key].binding.tooltip == entry.help
    }
