"""The keys of the simulator's dialog, its limits, and commands that run in order."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.model.simulator import FASTEST, Pattern, SimulatorCommand, SimulatorStatus
from pipeline.model.stack import StackStatus
from tests.idle import eventually
from tests.snapshot.dialogs import DialogApp, shown, until
from tests.snapshot.fakes import STATUS, Clock, FakeBackend, unreachable
from tui.keymap import KEYMAP, Scope
from tui.screens.simulator import SimulatorScreen
from tui.session.simulator_control import SimulatorControl
from tui.session.view import Notice, Severity

RUNNING = SimulatorStatus(
    up=True, rate=100, speed=720, sent=12_345, event_time="2023-03-04 17:22:10"
)


class Desk:
    """What the dialog reads and which commands it gives."""

    def __init__(self, status: SimulatorStatus | None) -> None:
        self.status = status
        self.looks = 0
        self.commands: list[SimulatorCommand] = []
        self.obeys = True
        self.clock = Clock()

    def look(self) -> SimulatorStatus | None:
        self.looks += 1
        return self.status

    def command(self, command: SimulatorCommand) -> None:
        self.commands.append(command)
        if self.obeys and self.status is not None:
            names = ("rate", "speed", "paused", "patterns", "label_delay")
            asked = {"up": command.running} | {name: getattr(command, name) for name in names}
            known: dict[str, Any] = {k: v for k, v in asked.items() if v is not None}
            self.status = replace(self.status, **known)


@asynccontextmanager
async def desk(
    status: SimulatorStatus | None = RUNNING, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Desk, DialogApp[None], Pilot[Any]]]:
    it = Desk(status)
    app = DialogApp(SimulatorScreen(it.look, it.command, it.clock))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield it, app, pilot


async def says(app: DialogApp[None], pilot: Pilot[Any], words: str) -> None:
    """Wait until the dialog shows these words."""
    await until(pilot, lambda: words in shown(app))


@pytest.mark.parametrize(
    ("keys", "commands"),
    [
        ("space", [SimulatorCommand(paused=True)]),
        ("space space", [SimulatorCommand(paused=True), SimulatorCommand(paused=False)]),
        ("o", [SimulatorCommand(running=False)]),
        ("o o", [SimulatorCommand(running=False), SimulatorCommand(running=True)]),
        ("plus", [SimulatorCommand(rate=200)]),
        ("minus", [SimulatorCommand(rate=50)]),
        ("plus plus", [SimulatorCommand(rate=200), SimulatorCommand(rate=400)]),
        ("right_square_bracket", [SimulatorCommand(speed=1440)]),
        ("left_square_bracket", [SimulatorCommand(speed=360)]),
        ("f", [SimulatorCommand(inject_fraud=True)]),
        ("t", [SimulatorCommand(patterns=(Pattern.TESTING,))]),
        ("k", [SimulatorCommand(patterns=(Pattern.TAKEOVER,))]),
        (
            "m t m",
            [
                SimulatorCommand(patterns=(Pattern.MERCHANT,)),
                SimulatorCommand(patterns=(Pattern.TESTING, Pattern.MERCHANT)),
                SimulatorCommand(patterns=(Pattern.TESTING,)),
            ],
        ),
        (
            "l l l l",
            [SimulatorCommand(label_delay=delay) for delay in (3_600, 86_400, 604_800, 0)],
        ),
    ],
)
@pytest.mark.parametrize("obeys", [True, False], ids=["fast", "slow"])
async def test_keys(keys: str, commands: list[SimulatorCommand], obeys: bool) -> None:
    """Even when the status lags behind, every press builds on the one before."""
    async with desk() as (it, _, pilot):
        it.obeys = obeys
        await pilot.press(*keys.split())
        assert it.commands == commands


async def test_the_mouse_does_what_every_key_does() -> None:
    keys = [key for key in KEYMAP if key.scope is Scope.SIMULATOR]
    for number, key in enumerate(keys):
        async with desk() as (it, app, pilot):
            await pilot.press(key.keys[0])
        async with desk() as (clicked, app, pilot):
            await pilot.click(app.screen.query("Choice")[number])
            await pilot.pause()
        assert it.commands and it.commands == clicked.commands


@pytest.mark.parametrize("key", ["escape", "q"])
async def test_closing(key: str) -> None:
    async with desk() as (_, app, pilot):
        await pilot.press(key)
        assert app.answers == [None]


@pytest.mark.parametrize("key", ["plus", "minus", "space", "f", "t", "l", "left_square_bracket"])
@pytest.mark.parametrize(
    ("status", "said"),
    [
        (SimulatorStatus(), "It is off; o starts it."),
        (None, "The simulator's status is not known yet."),
    ],
)
async def test_a_simulator_that_is_off_only_accepts_a_start(
    key: str, status: SimulatorStatus | None, said: str
) -> None:
    async with desk(status) as (it, app, pilot):
        await pilot.press(key)
        await until(pilot, lambda: said in shown(app))
        assert it.commands == []


@pytest.mark.parametrize(
    ("key", "name", "at", "said"),
    [
        ("plus", "rate", FASTEST, "1,000,000 transactions a second is the maximum."),
        ("minus", "rate", 0.1, "0.1 transactions a second is the minimum."),
        ("right_square_bracket", "speed", FASTEST, "1,000,000 times real time is the maximum."),
        ("left_square_bracket", "speed", 0.1, "0.1 times real time is the minimum."),
    ],
)
async def test_limits(key: str, name: str, at: float, said: str) -> None:
    reached: dict[str, Any] = {name: at}
    before: dict[str, Any] = {name: at * (0.7 if at == FASTEST else 1.4)}
    near = replace(RUNNING, **before)
    async with desk(near) as (it, app, pilot):
        await pilot.press(key)
        assert it.commands == [SimulatorCommand(**reached)]
        await until(pilot, lambda: said in shown(app))
        await pilot.press(key)
        assert len(it.commands) == 1
        back = {"plus": "minus", "minus": "plus"}.get(key)
        await pilot.press(back or "plus")
        await until(pilot, lambda: said not in shown(app))


@pytest.mark.parametrize("limit", [FASTEST, 0.1])
def test_the_simulator_takes_the_limits(limit: float) -> None:
    import msgspec

    line = msgspec.json.encode({"rate": limit, "speed": limit})
    assert msgspec.json.decode(line, type=SimulatorCommand) == SimulatorCommand(
        rate=limit, speed=limit
    )


async def test_it_is_live() -> None:
    async with desk() as (it, app, pilot):
        await until(pilot, lambda: "12,345 transactions" in shown(app))
        for said in ("● running", "100 transactions/s", "×720 real time", "2023-03-04 17:22:10"):
            await says(app, pilot, said)
        it.status = replace(RUNNING, paused=True, sent=20_000, error="Kafka \x1b[2J is away")
        await until(pilot, lambda: "◐ paused" in shown(app))
        await until(pilot, lambda: "20,000" in shown(app))
        await until(pilot, lambda: "Kafka ␛[2J is away" in shown(app))
        it.status = SimulatorStatus()
        await until(pilot, lambda: "○ off" in shown(app))
        it.status = None
        await until(pilot, lambda: "status is not known" in shown(app))


async def test_it_shows_the_patterns_and_how_labels_are_held_back() -> None:
    async with desk() as (it, app, pilot):
        await says(app, pilot, "bursts")
        await says(app, pilot, "in the transaction")
        it.obeys = False
        await pilot.press("t", "k", "l")
        await says(app, pilot, "→ bursts, testing, takeover")
        await says(app, pilot, "in the transaction → after about 1 h")
        on = replace(RUNNING, patterns=(Pattern.TESTING, Pattern.TAKEOVER), label_delay=3_600)
        it.status = replace(on, labels_pending=1_234)
        await says(app, pilot, "after about 1 h, 1,234 pending")
        assert "→" not in shown(app)
        it.status = replace(it.status, label_delay=2 * 86_400.0, labels_left_out=56)
        await says(app, pilot, "after about 2 d, 1,234 pending, 56 left out")
        it.status = replace(RUNNING, labels_pending=7)
        await says(app, pilot, "in the transaction, 7 pending")


async def test_a_delay_from_elsewhere_goes_on_to_the_next_longer_one() -> None:
    async with desk(replace(RUNNING, label_delay=2 * 86_400.0)) as (it, _, pilot):
        await pilot.press("l", "l")
        assert [command.label_delay for command in it.commands] == [7 * 86_400, 0]


async def test_everything_fits_into_a_small_terminal_with_an_error() -> None:
    full = replace(
        RUNNING,
        error="Kafka at 127.0.0.1:9092 took none of the last 1,234 records within 4 s. " * 2,
        sent=123_456_789,
        patterns=tuple(Pattern),
        label_delay=7 * 86_400.0,
        labels_pending=200_000,
        labels_left_out=123_456,
    )
    async with desk(full) as (_, app, pilot):
        await says(app, pilot, "took none")
        await says(app, pilot, "200,000 pending, 123,456 left out")
        form = app.screen.query_one(".form")
        assert form.region.height <= 24
        lines = app.screen.query_one("#simulator").region.height
        assert lines == 6 + len(full.error) // 66 + 1


async def test_a_command_shows_until_it_takes_effect() -> None:
    async with desk() as (it, app, pilot):
        it.obeys = False
        await pilot.press("plus", "space")
        await until(pilot, lambda: "100 → 200 transactions/s" in shown(app))
        assert "◐ pausing…" in shown(app)
        it.status = replace(RUNNING, rate=200, paused=True)
        await until(pilot, lambda: "200 transactions/s" in shown(app) and "→" not in shown(app))
        assert "◐ paused" in shown(app)


async def test_a_command_without_effect_is_not_shown_for_ever() -> None:
    async with desk() as (it, app, pilot):
        it.obeys = False
        await pilot.press("plus", "o")
        await until(pilot, lambda: "stopping…" in shown(app))
        it.clock.now += 5
        before = it.looks
        await until(pilot, lambda: it.looks > before)
        await pilot.pause()
        assert "stopping…" in shown(app)
        it.clock.now += 0.1
        await until(pilot, lambda: "● running" in shown(app))
        assert "→" not in shown(app)


@pytest.mark.parametrize("size", [(80, 24), (60, 16)])
async def test_all_keys_can_be_reached_on_a_small_terminal(size: tuple[int, int]) -> None:
    async with desk(size=size) as (_, app, _pilot):
        form = app.screen.query_one(".form")
        assert form.region.height <= size[1]
        if size == (80, 24):
            assert form.max_scroll_y == 0


def controlled(
    backend: FakeBackend,
) -> tuple[SimulatorControl, list[Notice], list[SimulatorStatus]]:
    notices: list[Notice] = []
    seen: list[SimulatorStatus] = []
    return SimulatorControl(lambda: backend, notices.append, seen.append), notices, seen


def test_commands_run_in_order_and_do_not_block() -> None:
    backend = FakeBackend(gate=threading.Event())
    control, notices, seen = controlled(backend)
    rates = [float(rate) for rate in range(1, 30)]
    for rate in rates:
        control.give(SimulatorCommand(rate=rate))
    assert seen == []
    backend.gate.set()
    eventually(lambda: len(seen) == len(rates))
    assert [status.rate for status in seen] == rates
    assert backend.calls == [f"simulate rate={rate}" for rate in rates]
    assert notices == []
    control.give(SimulatorCommand(paused=True))
    eventually(lambda: len(seen) == len(rates) + 1)


@pytest.mark.parametrize(
    ("command", "call", "said"),
    [
        (SimulatorCommand(running=True), "simulate running=True", "The simulator is running."),
        (SimulatorCommand(running=False), "simulate running=False", "The simulator is off."),
        (SimulatorCommand(inject_fraud=True), "simulate fraud", "A fraud episode has started."),
    ],
)
def test_effects_that_cannot_be_seen_are_reported(
    command: SimulatorCommand, call: str, said: str
) -> None:
    backend = FakeBackend()
    control, notices, seen = controlled(backend)
    control.give(command)
    eventually(lambda: bool(notices))
    assert backend.calls == [call]
    assert notices == [Notice(said)]
    assert isinstance(backend.stack, StackStatus)
    assert seen == [backend.stack.simulator]


def test_a_failure_is_reported_and_the_next_command_runs() -> None:
    backend = FakeBackend(simulator_failure=unreachable("The stack"))
    control, notices, seen = controlled(backend)
    control.give(SimulatorCommand(rate=5))
    eventually(lambda: bool(notices))
    assert notices[0].severity is Severity.ERROR
    assert notices[0].message.startswith("Simulator: The stack does not answer. See whether")
    backend.simulator_failure = None
    control.give(SimulatorCommand(rate=5))
    eventually(lambda: bool(seen))
    assert seen == [replace(STATUS.simulator, rate=5)]
