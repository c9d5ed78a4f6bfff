"""Input that arrives at once, as over a slow connection, from a paste or a macro."""

from __future__ import annotations

import ast
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual._xterm_parser import XTermParser
from textual.pilot import Pilot
from textual.widgets import Input

import tui.screens
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails, record
from tui.panels.users.users_table import UsersTable
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.records.records_screen import RecordsScreen
from tui.screens.user.own_user_screen import OwnUserScreen
from tui.screens.user.user_screen import UserScreen
from tui.streams.store import Store
from tui.widgets.filter_bar import FilterBar

from .every_screen import WAYS, begin, go_to, stage_of

TOPICS = ("flagged_transactions", "my_transaction", "transaction", "transaction_2")


@asynccontextmanager
async def console(**options: Any) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    tails = FakeTails({topic: [record(number) for number in range(4)] for topic in TOPICS})
    stage = Stage(source=FakeSource(live_batch()), tails=tails, **options)
    async with stage.app.run_test(size=(100, 30), notifications=True) as pilot:
        await stage.live(pilot)
        yield stage, pilot


def arrives(stage: Stage, sent: str) -> None:
    """Feed the bytes to the console as if the terminal returned them in one read."""
    # Textual has no public API to parse a terminal's bytes into keys.
    driver = stage.app._driver
    assert driver is not None
    for message in XTermParser().feed(sent):
        driver.process_message(message)


async def arrives_before_rows(stage: Stage, pilot: Pilot[Any], sent: str) -> None:
    """Feed the bytes to the console, and let it handle them before it reads any rows for them."""
    begun, goes_on = threading.Event(), threading.Event()

    def hold(_: Store) -> None:
        begun.set()
        goes_on.wait()

    stage.app.session.look_up(hold)
    await stage.wait(pilot, begun.is_set)
    before = stage.app.session.asked("users")
    arrives(stage, sent)
    await stage.wait(pilot, lambda: stage.app.session.asked("users") != before)
    await stage.settle(pilot)
    goes_on.set()


@pytest.mark.parametrize("panel", ["2", "3", "4"])
async def test_text_behind_the_key_that_opens_a_filter_is_text(panel: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press(panel)
        before = stage.app.theme
        arrives(stage, "/count>2 cTXSx1")
        bar = stage.dashboard.query_one(FilterBar)
        await stage.wait(pilot, lambda: bar.value == "count>2 cTXSx1")
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.app.theme == before
        assert stage.backend.calls == ["bring_up"]


async def test_keys_behind_the_text_are_keys_again() -> None:
    async with console() as (stage, pilot):
        arrives(stage, "2/count>2\rjj3")
        await stage.wait(
            pilot, lambda: stage.app.focused is not None and stage.app.focused.id == "windows"
        )
        assert stage.app.session.asked("users").filter.text == "count>2"


async def test_a_paste_behind_the_key_is_text() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2")
        arrives(stage, "/\x1b[200~user:-31\x1b[201~ mean>3")
        bar = stage.dashboard.query_one(FilterBar)
        await stage.wait(pilot, lambda: bar.value == "user:-31 mean>3")


@pytest.mark.parametrize("sent", ["/count>2", "/X", "/Xy", "zXy"])
async def test_text_where_nothing_can_be_typed_does_nothing(sent: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press("1")
        arrives(stage, sent)
        await stage.shows(pilot, "does nothing here")
        await stage.settle(pilot)
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.backend.calls == ["bring_up"]


@pytest.mark.parametrize(
    ("typed", "opened"),
    [
        ("transaction", "transaction"),
        ("TRANSACTION", "transaction"),
        ("my", "my_transaction"),
        ("trans", "transaction"),
        ("flagged", "flagged_transactions"),
    ],
)
async def test_a_topic_typed_in_one_go_is_the_one_that_is_opened(typed: str, opened: str) -> None:
    async with console() as (stage, pilot):
        arrives(stage, f"6{typed}\r")
        await stage.wait(
            pilot,
            lambda: isinstance(stage.app.screen, RecordsScreen) and stage.app.screen.topic != "",
        )
        assert isinstance(stage.app.screen, RecordsScreen)
        assert stage.app.screen.topic == opened


# The way to each input, from the dashboard; the text behind it holds keys of the screen below.
INPUTS: dict[str, tuple[str, list[str], str, str]] = {
    "users": ("dashboard.dashboard", ["2"], "/user:-31 X", "user:-31 X"),
    "windows": ("dashboard.dashboard", ["3"], "/count>2 q", "count>2 q"),
    "flagged": ("dashboard.dashboard", ["4"], "/amt>2 qE", "amt>2 qE"),
    "signals": ("dashboard.dashboard", ["7"], "/score>0.5 xX", "score>0.5 xX"),
    "palette": ("palette", ["2"], ":export q X", "export q X"),
    "records": ("records.records_screen", ["6", "enter"], "/amt>2 tbeq", "amt>2 tbeq"),
    "topics": ("records.topic_picker", ["6", "enter"], "tflag", "flag"),
    "a time": ("records.when_dialog", ["6", "enter"], "a2023-03-04 qbt", "2023-03-04 qbt"),
    "rows": ("rows.rows_screen", ["1", "v"], "/count>2 Xp", "count>2 Xp"),
    "note": ("alert.note_dialog", ["7", "enter"], "dlate, cuq t", "late, cuq t"),
    "path": ("export.dialog", ["2"], "E\t qjpc", ".csv qjpc"),
}


@pytest.mark.parametrize(("keys", "sent", "value"), [each[1:] for each in INPUTS.values()])
async def test_text_is_text_wherever_it_can_be_typed(
    keys: list[str], sent: str, value: str, tmp_path: Path
) -> None:
    stage = stage_of(tmp_path, read_only=False)
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await stage.live(pilot)
        for key in keys:
            await pilot.press(key)
            await stage.settle(pilot)
        arrives(stage, sent)

        def typed() -> bool:
            focused = stage.app.focused
            return isinstance(focused, Input) and focused.value.endswith(value)

        await stage.wait(pilot, typed)
        assert stage.backend.calls == ["bring_up"]


def test_no_input_is_left_out() -> None:
    modules = {each.removesuffix(".py") for each, *_ in INPUTS.values()}
    folder = Path(tui.screens.__file__).parent
    found = {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        for path in folder.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Call) and ast.unparse(node.func) in ("Input", "FilterBar"))
        or (isinstance(node, ast.ClassDef) and "CommandPalette" in map(ast.unparse, node.bases))
    }
    assert found == modules


async def test_text_in_a_burst_changes_nothing_on_any_screen(tmp_path: Path) -> None:
    """It goes into an input if there is one, and nowhere otherwise."""
    sent = "/Xcfbsxuyhmo1"
    stage = stage_of(tmp_path, read_only=False)
    async with stage.app.run_test(size=(110, 34), notifications=True) as pilot:
        await begin(stage, pilot)
        for name, way in WAYS.items():
            await go_to(stage, pilot, name)
            # The hint comes at most once in a while.
            stage.clock.now += 60
            await stage.settle(pilot)
            before = list(stage.backend.calls)
            arrives(stage, sent)

            def done() -> bool:
                focused = stage.app.focused
                typed = isinstance(focused, Input) and focused.value.endswith(sent[1:])
                return typed or any("`/` does nothing here" in each for each in stage.toasted)

            await stage.wait(pilot, done)
            await stage.settle(pilot)
            assert isinstance(stage.app.screen, way.screen), name
            assert stage.backend.calls == before, name


@pytest.mark.parametrize("frozen", [False, True])
async def test_a_row_is_opened_from_the_rows_of_the_filter_typed_before(frozen: bool) -> None:
    async with console() as (stage, pilot):
        first, *_, wanted = [row.user_id for row in stage.dashboard.query_one(UsersTable).rows]
        if frozen:
            await pilot.press("p")
        await arrives_before_rows(stage, pilot, f"2/user:{wanted}\r\r")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, UserScreen))
        assert isinstance(stage.app.screen, UserScreen)
        assert stage.app.screen.user_id == wanted != first


async def test_a_row_is_copied_from_the_rows_of_the_filter_typed_before() -> None:
    async with console() as (stage, pilot):
        *_, wanted = [row.user_id for row in stage.dashboard.query_one(UsersTable).rows]
        await arrives_before_rows(stage, pilot, f"2/user:{wanted}\ry")
        await stage.toasts(pilot, "Copied")
        assert stage.toasted == [f"Copied {wanted}"]


async def test_a_row_is_opened_from_the_tab_asked_for_before(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, read_only=False)
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await stage.live(pilot)
        await arrives_before_rows(stage, pilot, "2w\r")
        await stage.wait(pilot, lambda: not isinstance(stage.app.screen, Dashboard))
        assert isinstance(stage.app.screen, OwnUserScreen)


async def test_a_row_of_what_is_frozen_is_opened_whatever_is_asked(tmp_path: Path) -> None:
    """Other features' rows were not frozen, so those that are shown stay."""
    stage = stage_of(tmp_path, read_only=False)
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await stage.live(pilot)
        await arrives_before_rows(stage, pilot, "2pw\r")
        await stage.wait(pilot, lambda: not isinstance(stage.app.screen, Dashboard))
        assert isinstance(stage.app.screen, UserScreen)


async def test_enter_in_the_palette_waits_for_the_search_but_not_for_the_topics(
    tmp_path: Path,
) -> None:
    """Else it would choose from what an earlier letter has found, or nothing."""
    stage = stage_of(tmp_path, read_only=False)
    assert isinstance(stage.tails, FakeTails)
    stage.tails.lists.clear()
    async with stage.app.run_test(size=(110, 34)) as pilot:
        await stage.live(pilot)
        arrives(stage, ":de07\r")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, OwnUserScreen))
        stage.tails.lists.set()


async def test_a_command_is_typed_in_one_go(tmp_path: Path) -> None:
    async with console(remembered=tmp_path / "console.json") as (stage, pilot):
        arrives(stage, ":theme mono\r")
        await stage.wait(pilot, lambda: stage.app.theme == "fraudwatch-monochrome")
        assert isinstance(stage.app.screen, Dashboard)
