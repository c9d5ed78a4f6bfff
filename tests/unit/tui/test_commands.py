"""The palette lists and runs the commands of a screen; names from outside are only text."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual.app import App
from textual.command import Hit
from textual.pilot import Pilot
from textual.theme import Theme
from textual.widgets import Input, LoadingIndicator, OptionList

from tests.snapshot.dialogs import DialogApp, shown, until
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import GATE_SECONDS, FakeBackend
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.keymap import CHAINS, KEYMAP, changing_actions
from tui.screens.commands.confirm import ConfirmScreen
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.palette import Command, JumpCommands, Jumps, KeyCommands, Palette
from tui.theme import THEMES, title

USERS = (-3122, 3122, 31220, 9)
OWN_USERS = (
    ("payments", "DE07"),
    ("payments", "DE08 x"),
    ("visits", "03122"),
    ("visits", "a[red]"),
)
HOSTILE = "[red]x[/red]\x1b[2J\u202etopic[/"


@dataclass
class Places:
    """Records the jumps that the palette makes."""

    topics: Sequence[str] | Exception = ("transaction", "flagged_transactions", HOSTILE)
    own_only: bool = False
    opened: list[object] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    threads: set[int] = field(default_factory=set)

    @property
    def jumps(self) -> Jumps:
        return Jumps(
            None if self.own_only else self._users,
            self._topics,
            self.opened.append,
            self.opened.append,
            own_users=self._own_users,
            open_own_user=lambda topic, user: self.opened.append((topic, user)),
        )

    def _users(self, words: str, most: int) -> Sequence[int]:
        self.asked.append(words)
        self.threads.add(threading.get_ident())
        return [user for user in USERS if words in str(user)][:most]

    def _own_users(self, words: str, most: int) -> Sequence[tuple[str, str]]:
        return [each for each in OWN_USERS if words.lower() in each[1].lower()][:most]

    def _topics(self) -> Sequence[str]:
        self.threads.add(threading.get_ident())
        if isinstance(self.topics, Exception):
            raise self.topics
        return self.topics


@asynccontextmanager
async def console() -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    stage = Stage(FakeBackend(), FakeSource(live_batch()))
    async with stage.app.run_test(size=(120, 60), notifications=True) as pilot:
        await stage.live(pilot)
        yield stage, pilot


def lines(app: App[Any]) -> list[str]:
    options = app.screen.query_one(OptionList).options
    return [str(option.prompt) for option in options if not option.disabled]


async def listed(app: App[Any], pilot: Pilot[Any], words: str) -> None:
    """Wait until the search has ended with these words first, or anywhere without a search."""

    def so() -> bool:
        if not isinstance(app.screen, Palette) or any(not w.is_finished for w in app.workers):
            return False
        typed = app.screen.query_one(Input).value
        return any(words in line for line in (lines(app)[:1] if typed else lines(app)))

    await until(pilot, so)


@pytest.mark.parametrize("key", ["ctrl+p", "colon"])
async def test_it_lists_every_key_that_works_here(key: str) -> None:
    async with console() as (stage, pilot):
        dashboard = stage.app.screen
        expected = {
            entry.help
            for entry in KEYMAP
            if entry.scope in CHAINS[0]
            and entry.action != "app.palette"
            and "{key}" not in entry.action
            and entry.keys[0] in dashboard.active_bindings
            and dashboard.active_bindings[entry.keys[0]].enabled
        }
        await pilot.press(key)
        await listed(stage.app, pilot, "This help")
        found = lines(stage.app)
        assert {line.split(" — ")[1] for line in found} == expected
        assert len(found) == len(set(found))
        assert any(line.split() == "? F1 help — This help".split() for line in found)


async def test_a_family_of_keys_is_found_by_searching() -> None:
    async with console() as (stage, pilot):
        await pilot.press("2", "ctrl+p", *"sortbyM")
        await listed(stage.app, pilot, "sort by M — Sort by the column with this letter")


@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_leaving_it(key: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press("ctrl+p")
        await listed(stage.app, pilot, "This help")
        await pilot.press(key)
        if key == "escape":
            assert isinstance(stage.app.screen, Dashboard)
        else:
            await stage.wait(pilot, lambda: not stage.app.is_running)


@pytest.mark.parametrize(
    ("typed", "call"),
    [("Stop every job", "stop rolling"), ("Stop the selected", "stop tumbling")],
)
async def test_it_runs_the_action_where_the_key_would(typed: str, call: str) -> None:
    async with console() as (stage, pilot):
        await pilot.press("j", "ctrl+p", *(key if key != " " else "space" for key in typed))
        await listed(stage.app, pilot, f" — {typed}")
        await pilot.press("enter")
        if typed == "Stop every job":
            await stage.wait(pilot, lambda: isinstance(stage.app.screen, ConfirmScreen))
            await pilot.press("y")
        await stage.wait(pilot, lambda: call in stage.backend.calls)
        assert isinstance(stage.app.screen, Dashboard)


async def becomes(stage: Stage, pilot: Pilot[Any], theme: Theme) -> None:
    """Wait until the console is drawn in this theme."""
    await stage.wait(pilot, lambda: stage.app.theme == theme.name)


async def test_themes_by_name() -> None:
    async with console() as (stage, pilot):
        for theme in reversed(THEMES):
            await pilot.press("ctrl+p", *f"theme {title(theme)}".replace(" ", ""))
            await listed(stage.app, pilot, f"Theme {title(theme)}")
            await pilot.press("enter")
            await becomes(stage, pilot, theme)


async def test_in_a_dialog_it_has_the_keys_of_the_dialog() -> None:
    async with console() as (stage, pilot):
        stage.app.push_screen(ConfirmScreen("Cancel?", "All is lost.", "cancel"))
        await pilot.pause()
        provider = KeyCommands(stage.app.screen)
        helps = {command.help for command in provider.commands()}
        assert "Confirm; no other key does" in helps
        assert not any("job" in words for words in helps)


async def test_read_only_leaves_out_what_changes_something() -> None:
    async with console() as (stage, _):
        changing = {entry.help for entry in KEYMAP if entry.changes}
        everything = {command.help for command in KeyCommands(stage.app.screen).commands()}
        assert everything & changing

        class ReadOnly(KeyCommands):
            read_only = True

        left = {command.help for command in ReadOnly(stage.app.screen).commands()}
        assert left == everything - changing
        assert changing_actions()


@asynccontextmanager
async def jumping(
    places: Places, size: tuple[int, int] = (100, 40)
) -> AsyncIterator[tuple[DialogApp[None], Pilot[Any]]]:
    app = DialogApp(Palette(places.jumps))
    async with app.run_test(size=size) as pilot:
        yield app, pilot


async def found(places: Places, app: App[Any], typed: str) -> list[str]:
    """The hits of the jumps for a typed text, best first."""

    class PlacesCommands(JumpCommands):
        jumps = places.jumps

    provider = PlacesCommands(app.screen)
    await provider.startup()
    hits = [hit async for hit in provider.search(typed)]
    await provider.shutdown()
    assert all(isinstance(hit, Hit) for hit in hits)
    return [str(hit.prompt).strip() for hit in sorted(hits, reverse=True)]


@pytest.mark.parametrize(
    ("typed", "users"),
    [
        ("3122", [3122, -3122, 31220]),
        ("-3122", [-3122]),
        ("312", [-3122, 3122, 31220, 312]),
        ("31,220", [31220]),
        ("-312211619698468596", [-312211619698468596]),
        (str(2**63 - 1), [2**63 - 1]),
        (str(-(2**63)), [-(2**63)]),
        (str(2**63), []),
        pytest.param("9" * 10_000, [], id="many"),
        ("0x10", []),
        ("--1", []),
        ("-", []),
        ("٣", []),
    ],
)
async def test_digits_find_users(typed: str, users: list[int]) -> None:
    places = Places()
    async with jumping(places) as (app, _):
        hits = await found(places, app, typed)
        found_users = [hit for hit in hits if "user" in hit and " of " not in hit]
        assert found_users == [f"Go to user {user}" for user in users]
        assert threading.get_ident() not in places.threads


@pytest.mark.parametrize(
    ("typed", "users"),
    [
        ("de07", ["DE07 of payments"]),
        ("de0", ["DE07 of payments", "DE08 x of payments"]),
        ("3122", ["03122 of visits"]),
        ("[red]", ["a[red] of visits"]),
    ],
)
async def test_users_of_streams_of_ones_own_are_found(typed: str, users: list[str]) -> None:
    places = Places(own_only=True)
    async with jumping(places) as (app, _):
        hits = await found(places, app, typed)
        # Without the tutorial's stream, no number is one of its users.
        assert [hit for hit in hits if "user" in hit] == [f"Go to user {user}" for user in users]


async def test_going_to_a_user_of_ones_own_stream() -> None:
    places = Places()
    async with jumping(places) as (app, pilot):
        await pilot.press(*"de08")
        await listed(app, pilot, "Go to user DE08 x of payments")
        await pilot.press("enter")
        await until(pilot, lambda: bool(places.opened))
        assert places.opened == [("payments", "DE08 x")]


async def test_going_to_a_user() -> None:
    places = Places()
    async with jumping(places) as (app, pilot):
        await pilot.press(*"-3122")
        await listed(app, pilot, "Go to user -3122")
        await pilot.press("enter")
        await until(pilot, lambda: bool(places.opened))
        assert places.opened == [-3122]


async def test_digits_mean_a_user_before_a_help_that_has_them_too() -> None:
    assert any("3122" in entry.help for entry in KEYMAP)
    async with console() as (stage, pilot):
        # On a panel with a filter, which Jobs does not have.
        await pilot.press("2")
        stage.app.push_screen(Palette(Places().jumps))
        await pilot.pause()
        await pilot.press(*"3122")
        await listed(stage.app, pilot, "Go to user 3122")
        assert any("Filter" in line for line in lines(stage.app))


async def test_hostile_topics_are_only_text_and_open_as_they_are() -> None:
    places = Places()
    async with jumping(places) as (app, pilot):
        await pilot.press(*"opentopicred")
        await listed(app, pilot, "Open topic [red]x[/red]␛[2J�topic[/")
        assert "\x1b" not in shown(app)
        await pilot.press("enter")
        await until(pilot, lambda: bool(places.opened))
        assert places.opened == [HOSTILE]


async def test_topics_that_cannot_be_listed_leave_the_rest() -> None:
    places = Places(topics=OSError("Kafka is away"))
    async with jumping(places) as (app, _):
        assert await found(places, app, "topic") == []
        assert await found(places, app, "9") == ["Go to user 9"]


async def test_a_countdown_that_ends_after_the_search_does_not_say_loading() -> None:
    async with console() as (stage, pilot):
        palette = Palette()
        await stage.app.push_screen(palette)
        await until(pilot, lambda: palette.has_class("-ready"))
        palette._show_busy = True  # As Textual's timer does.
        await pilot.pause()
        assert not palette.query_one(LoadingIndicator).has_class("--visible")


async def test_topics_that_take_long_hold_nothing_up() -> None:
    gate = threading.Event()

    def topics() -> Sequence[str]:
        gate.wait(GATE_SECONDS)
        return ["late"]

    jumps = Jumps(lambda *_: [], topics, lambda _: None, lambda _: None)
    app: DialogApp[None] = DialogApp(Palette(jumps))
    try:
        async with app.run_test(size=(100, 40)) as pilot:
            await pilot.press(*"theme")
            await until(pilot, lambda: "Theme dark" in shown(app))
            gate.set()
            await pilot.press(*["backspace"] * 5, *"opentopic")
            await listed(app, pilot, "Open topic late")
    finally:
        gate.set()


def test_a_command_is_label_help_and_key() -> None:
    command = Command("ctrl+d", "cancel", "Cancel the job", lambda: None)
    assert command.words == "cancel — Cancel the job"
    assert str(command.discovery().prompt) == "ctrl+d    cancel — Cancel the job"


@pytest.mark.parametrize("key", ["pageup", "pagedown", "home", "end", "up", "down"])
async def test_a_list_without_room_takes_every_key(key: str) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(60, 2)) as pilot:
        await stage.live(pilot)
        await pilot.press("ctrl+p")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, Palette))
        await pilot.press(key, key)
        assert stage.app.is_running
