"""Switching profiles in the palette: the console closes its stack and returns the next profile."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from pipeline.errors import ConfigError, UnavailableError
from tests.snapshot.dialogs import until
from tests.snapshot.fakes import FakeBackend
from tests.snapshot.stage import Stage
from tui.screens.palette import Palette
from tui.session.environment import Profiles
from tui.session.view import Phase

from .test_commands import lines, listed


@dataclass
class Known:
    """Three profiles, one of them with invalid settings."""

    threads: set[int] = field(default_factory=set)

    @property
    def profiles(self) -> Profiles:
        return Profiles(self._names, self._check)

    def _names(self) -> tuple[str, ...]:
        self.threads.add(threading.get_ident())
        return ("local", "com[b]pany", "broken")

    def _check(self, name: str) -> None:
        self.threads.add(threading.get_ident())
        if name == "broken":
            raise ConfigError("The settings of profile 'broken' are not valid.")


def failed() -> FakeBackend:
    return FakeBackend(failure=UnavailableError("Kafka does not answer."))


def coming_up() -> FakeBackend:
    return FakeBackend(gate=threading.Event())


@pytest.mark.parametrize(
    ("backend", "phase"),
    [(FakeBackend, Phase.LIVE), (failed, Phase.FAILED), (coming_up, Phase.STARTING)],
)
async def test_switching(backend: Callable[[], FakeBackend], phase: Phase) -> None:
    known = Known()
    stage = Stage(backend(), profiles=known.profiles)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.wait(
            pilot, lambda: stage.view.phase is phase and "bring_up" in stage.backend.calls
        )
        await pilot.press("ctrl+p", *"profilecom")
        await listed(stage.app, pilot, "Profile: com[b]pany — ")
        await pilot.press("enter")
        await until(pilot, lambda: stage.app.return_value is not None)
    assert stage.app.return_value == "com[b]pany"
    assert stage.backend.calls[-1] == "close"
    assert threading.get_ident() not in known.threads
    stage.backend.gate.set()


async def test_the_other_profiles_are_listed() -> None:
    stage = Stage(profiles=Known().profiles)
    async with stage.app.run_test(size=(120, 60)) as pilot:
        await pilot.press("ctrl+p")
        await listed(stage.app, pilot, "Profile: ")
        found = [line.split(" — ")[0].strip() for line in lines(stage.app) if "Profile:" in line]
        assert sorted(found) == ["Profile: broken", "Profile: com[b]pany"]


async def test_a_profile_that_cannot_open_leaves_everything_as_it_is() -> None:
    stage = Stage(profiles=Known().profiles)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await pilot.press("ctrl+p", *"profilebroken")
        await listed(stage.app, pilot, "Profile: broken")
        await pilot.press("enter")
        await stage.shows(pilot, "are not valid")
        assert not isinstance(stage.app.screen, Palette)
        assert stage.view.phase not in (Phase.CLOSING, Phase.CLOSED)
        assert "close" not in stage.backend.calls


async def test_leaving_at_once_while_switching_is_leaving() -> None:
    stage = Stage(FakeBackend(close_gate=threading.Event()), profiles=Known().profiles)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await pilot.press("ctrl+p", *"profilecom")
        await listed(stage.app, pilot, "Profile: com[b]pany — ")
        await pilot.press("enter")
        await until(pilot, lambda: stage.view.phase is Phase.CLOSING)
        await pilot.press("ctrl+q")
    assert stage.app.return_value is None
    stage.backend.close_gate.set()
