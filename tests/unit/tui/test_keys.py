"""Every key of the keymap does what it says."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from pipeline.model.jobs import JobState
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, STATUS, FakeBackend, unreachable
from tests.snapshot.sample_rows import EVENT_TIME, batch_of, live_batch, rolling, transaction
from tests.snapshot.stage import Stage
from tui.keymap import CHAINS, KEYMAP, Scope
from tui.panels.jobs.jobs_table import JobsPanel
from tui.panels.users.user_row import UserRow
from tui.panels.users.users_panel import USERS
from tui.panels.users.users_table import UsersTable
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.help import HelpScreen, help_text
from tui.session.view import JobLine, Phase, View
from tui.streams.snapshot import Snapshot
from tui.theme import DARK, THEMES, title

STOPPED = replace(STATUS, jobs=tuple(replace(job, state=JobState.STOPPED) for job in JOBS))


@asynccontextmanager
async def console(
    backend: FakeBackend | None = None, size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    stage = Stage(backend, FakeSource(live_batch()))
    async with stage.app.run_test(size=size, notifications=True) as pilot:
        await stage.live(pilot)
        yield stage, pilot


@pytest.mark.parametrize("chain", CHAINS, ids="-".join)
def test_no_key_is_bound_twice(chain: tuple[Scope, ...]) -> None:
    bound = Counter(key for entry in KEYMAP if entry.scope in chain for key in entry.keys)
    assert [key for key, times in bound.items() if times > 1] == []


def test_every_scope_is_in_a_chain() -> None:
    assert {scope for chain in CHAINS for scope in chain} == set(Scope)


@pytest.mark.parametrize("read_only", [False, True])
def test_help_is_the_keymap(read_only: bool) -> None:
    lines = help_text(list(Scope), read_only=read_only).plain.splitlines()
    expected = [
        key.shown.ljust(20) + key.help
        for scope in Scope
        for key in KEYMAP
        if key.scope is scope and not (read_only and key.changes)
    ]
    headings = {scope.value for scope in Scope}
    assert [line for line in lines if line and line not in headings] == expected


async def test_the_footer_is_the_keymap() -> None:
    async with console(size=(200, 40)) as (stage, pilot):
        await pilot.press("1")
        await stage.settle(pilot)
        shown = [key.description for key in stage.dashboard.query(FooterKey)]
        scopes = {Scope.JOBS, Scope.TABLE, Scope.DASHBOARD, Scope.APP}
        off = {"filter"}  # All jobs fit on the screen.
        expected = [
            key.label
            for key in KEYMAP
            if key.footer and key.scope in scopes and key.label not in off
        ]
        assert sorted(shown) == sorted(expected)


@pytest.mark.parametrize(
    ("panel", "scopes"),
    [
        ("1", {Scope.JOBS, Scope.DASHBOARD, Scope.APP}),
        ("2", {Scope.TABLE, Scope.DASHBOARD, Scope.APP}),
        ("3", {Scope.TABLE, Scope.DASHBOARD, Scope.APP}),
        ("4", {Scope.TABLE, Scope.DASHBOARD, Scope.APP}),
    ],
)
async def test_every_key_is_bound_where_it_belongs(panel: str, scopes: set[Scope]) -> None:
    async with console() as (stage, pilot):
        await pilot.press(panel)
        active = {
            key: (bound.binding.action, bound.enabled)
            for key, bound in stage.app.screen.active_bindings.items()
        }
        for entry in KEYMAP:
            for key in entry.keys if entry.scope in scopes else ():
                assert active[key] == (entry.action.format(key=key), True)


@pytest.mark.parametrize(
    ("keys", "calls"),
    [
        (["s"], ["start rolling"]),
        (["j", "s"], ["start tumbling"]),
        (["j", "down", "k", "s"], ["start tumbling"]),
        (["G", "s"], ["start flagged"]),
        (["end", "up", "s"], ["start tumbling"]),
        (["G", "g", "s"], ["start rolling"]),
        (["G", "home", "s"], ["start rolling"]),
        (["pagedown", "s"], ["start flagged"]),
        (["pagedown", "pageup", "s"], ["start rolling"]),
        (["S"], ["start rolling", "start tumbling", "start flagged"]),
    ],
)
async def test_starting_jobs(keys: list[str], calls: list[str]) -> None:
    async with console(FakeBackend(stack=STOPPED)) as (stage, pilot):
        await pilot.press(*keys)
        await stage.wait(pilot, lambda: stage.backend.calls == ["bring_up", *calls])
        started = {call.split()[1] for call in calls}

        def runs(line: JobLine) -> bool:
            at_work = line.activity is None or line.activity.busy
            return line.status.state is JobState.RUNNING and not at_work

        await stage.wait(
            pilot, lambda: {line.status.name for line in stage.view.jobs if runs(line)} == started
        )


@pytest.mark.parametrize(
    ("keys", "calls"),
    [
        (["x"], ["stop rolling"]),
        (["X", "y"], ["stop rolling", "stop tumbling", "stop flagged"]),
    ],
)
async def test_stopping_jobs_keeps_their_state(keys: list[str], calls: list[str]) -> None:
    async with console() as (stage, pilot):
        await pilot.press(*keys)
        await stage.wait(pilot, lambda: stage.backend.calls == ["bring_up", *calls])
        await stage.wait(
            pilot,
            lambda: sum(bool(line.status.savepoint) for line in stage.view.jobs) == len(calls),
        )
        names = "rolling, tumbling, flagged have" if len(calls) > 1 else "rolling has"
        await stage.shows(pilot, f"{names} stopped;")
        assert len(stage.toasted) == 1


async def test_stopping_every_job_asks() -> None:
    async with console() as (stage, pilot):
        await pilot.press("X")
        await stage.shows(pilot, "Stop every job?")
        assert "rolling, tumbling, flagged" in stage.screen_text()
        await pilot.press("enter", "space", "X", "n")
        await stage.settle(pilot)
        assert stage.backend.calls == ["bring_up"]


async def test_stopping_every_job_does_not_ask_when_none_runs() -> None:
    async with console(FakeBackend(stack=STOPPED)) as (stage, pilot):
        await pilot.press("X")
        await stage.shows(pilot, "No job is running.")


@pytest.mark.parametrize("key", ["slash", "z", "f6"])
async def test_a_key_that_does_nothing_here_says_so(key: str) -> None:
    shown = {"slash": "/"}.get(key, key)
    async with console() as (stage, pilot):
        await pilot.press("1", key)
        await stage.shows(pilot, f"`{shown}` does nothing here")


async def test_a_busy_job_refuses_a_second_command() -> None:
    async with console() as (stage, pilot):
        stage.backend.gate.clear()
        await pilot.press("x", "x", "s")
        await stage.settle(pilot)
        assert stage.backend.calls == ["bring_up", "stop rolling"]
        await stage.shows(pilot, "stopping, taking a savepoint…")
        await stage.shows(pilot, "rolling is busy")
        stage.backend.gate.set()
        await stage.wait(pilot, lambda: stage.view.jobs[0].status.state is JobState.STOPPED)


@pytest.mark.parametrize(
    ("key", "said"),
    [("s", "rolling is already running."), ("S", "Every job is already running.")],
)
async def test_a_command_that_is_not_needed_says_so(key: str, said: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press(key)
        await stage.shows(pilot, said)
        assert stage.backend.calls == ["bring_up"]


async def test_a_job_that_cannot_be_stopped_says_why_in_its_row_and_a_toast() -> None:
    async with console(FakeBackend(job_failure=unreachable()), (109, 30)) as (stage, pilot):
        await pilot.press("x")
        await stage.wait(
            pilot, lambda: (activity := stage.view.jobs[0].activity) is not None and activity.failed
        )
        await stage.settle(pilot)
        row, *_ = [line for line in stage.screen_text().splitlines() if "rolling" in line]
        assert "Flink at http://" in row
        await stage.shows(pilot, "See whether it runs")


@pytest.mark.parametrize(
    ("keys", "focused"),
    [
        (["1"], "jobs"),
        (["2"], "users"),
        (["3"], "windows"),
        (["4"], "flagged"),
        (["2", "right"], "windows"),
        (["7"], "signals"),
        (["2", "left"], "signals"),
        (["4", "right"], "plots"),
        (["5", "right"], "signals"),
        (["7", "right"], "users"),
        (["tab"], "users"),
        (["3", "shift+tab"], "jobs"),
        (["3", "1", "tab"], "windows"),
    ],
)
async def test_going_to_panels(keys: list[str], focused: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        assert stage.app.focused is not None
        assert stage.app.focused.id == focused
        assert stage.app.focused.region


async def test_side_by_side_shows_all_tables() -> None:
    async with console(size=(200, 50)) as (stage, pilot):
        await stage.settle(pilot)
        for table in ("users", "windows", "flagged"):
            assert stage.dashboard.query_one(f"#{table}").region
        shown = stage.screen_text()
        assert "74 more" in shown
        assert "fraud_Kilback LLC" in shown


async def test_refresh_looks_at_the_stack_now() -> None:
    async with console() as (stage, pilot):
        stage.backend.stack = replace(STATUS, jobs=JOBS[:1])
        await pilot.press("r")
        await stage.wait(pilot, lambda: len(stage.view.jobs) == 1)


async def test_theme() -> None:
    async with console() as (stage, pilot):
        assert stage.app.theme == DARK.name
        for theme in (*THEMES[1:], DARK):
            await pilot.press("T")
            assert stage.app.theme == theme.name
            await stage.shows(pilot, f"Theme: {title(theme)}")


@pytest.mark.parametrize("opens", ["question_mark", "f1"])
@pytest.mark.parametrize("closes", ["question_mark", "f1", "escape", "q"])
async def test_help_opens_and_closes(opens: str, closes: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press(opens)
        assert isinstance(stage.app.screen, HelpScreen)
        await pilot.press(closes)
        assert isinstance(stage.app.screen, Dashboard)
        assert stage.app.is_running


async def test_escape_does_nothing_on_the_dashboard() -> None:
    async with console() as (stage, pilot):
        await pilot.press("escape")
        assert isinstance(stage.app.screen, Dashboard)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_quitting_closes_the_stack(key: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press(key)
        await stage.wait(pilot, lambda: not stage.app.is_running)
    assert stage.backend.calls == ["bring_up", "close"]


async def test_quitting_waits_visibly_and_a_second_time_does_not() -> None:
    backend = FakeBackend(close_gate=threading.Event())
    async with console(backend) as (stage, pilot):
        await pilot.press("ctrl+q")
        stage.clock.now += 1
        await stage.wait(pilot, lambda: "Stopping the stack" in stage.screen_text())
        await pilot.press("ctrl+q")
        await stage.wait(pilot, lambda: not stage.app.is_running)
    backend.close_gate.set()


async def test_a_failed_start_can_be_tried_again() -> None:
    backend = FakeBackend(failure=unreachable("Kafka"))
    stage = Stage(backend, FakeSource(live_batch()))
    async with stage.app.run_test(size=(100, 30)) as pilot:
        await stage.wait(pilot, lambda: stage.view.phase is Phase.FAILED)
        await stage.settle(pilot)
        assert "Kafka does not answer." in stage.screen_text()
        await pilot.press("1", "right")
        assert stage.app.focused is None
        backend.failure = None
        await pilot.press("r")
        await stage.live(pilot)
        assert stage.backend.calls == ["bring_up", "bring_up"]
        assert isinstance(stage.app.focused, JobsPanel)


def with_users(view: View, rows: tuple[UserRow, ...]) -> Snapshot:
    panels = {**view.data.panels, USERS.name: replace(view.data.of(USERS), rows=rows)}
    return replace(view.data, panels=panels)


async def test_the_cursor_stays_on_its_user_and_line_when_the_order_changes() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", *["j"] * 5)
        table = stage.dashboard.query_one(UsersTable)
        selected, offset = table.selected, table.scroll_offset.y
        assert selected is not None
        view = stage.view
        rows = view.data.of(USERS).rows
        users = (*rows[6:16], *rows[:6], *rows[16:])
        table.show(replace(view, data=with_users(view, users)))
        assert table.selected == selected
        assert table.scroll_offset.y == offset + 10


async def test_frozen_tables_stand_still_until_they_follow_again() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "p")
        before = stage.screen_text().splitlines()[2:]
        newest = rolling(999, trans_date_trans_time=EVENT_TIME + timedelta(minutes=1))
        more = batch_of(transactions=[transaction(n) for n in range(1_234)], rolling=[newest])
        stage.source.batches.append(more)
        await stage.live(pilot)
        assert stage.view.data.of(USERS).total == 181
        await stage.shows(pilot, "frozen 1,234 more since")
        assert stage.screen_text().splitlines()[2:] == before
        await pilot.press("p")
        assert "frozen" not in stage.screen_text()
        assert str(newest.user_id) in stage.screen_text()


async def test_a_cursor_on_top_stays_on_top() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "j", "g")
        table = stage.dashboard.query_one(UsersTable)
        view = stage.view
        users = tuple(reversed(view.data.of(USERS).rows))
        table.show(replace(view, data=with_users(view, users)))
        assert table.selected == users[0]
        assert table.scroll_offset.y == 0


async def test_a_selected_row_that_goes_leaves_the_cursor_where_it_was() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "G")
        table = stage.dashboard.query_one(UsersTable)
        view = stage.view
        table.show(replace(view, data=with_users(view, view.data.of(USERS).rows[:3])))
        assert table.selected == view.data.of(USERS).rows[2]
        table.show(replace(view, data=with_users(view, ())))
        assert table.selected is None


async def test_the_mouse_goes_where_it_clicks() -> None:
    async with console() as (stage, pilot):
        await stage.settle(pilot)
        lines = stage.screen_text().splitlines()
        tabs = next(y for y, line in enumerate(lines) if "3 Windows" in line)
        await pilot.click(offset=(lines[tabs].index("Windows"), tabs))
        assert stage.app.focused is not None
        assert stage.app.focused.id == "windows"
        await pilot.press("2")
        await pilot.click(UsersTable, offset=(5, 4))
        table = stage.dashboard.query_one(UsersTable)
        assert table.selected == stage.view.data.of(USERS).rows[3]
