"""Two signals on the same records, and which of them is the live one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.errors import InputError
from pipeline.model.sinks import Sink, SinkColumn
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import SINKS, FakeBackend
from tests.snapshot.sample_rows import EVENT_TIME, live_batch
from tests.snapshot.signals import RULES, signal_sink
from tests.snapshot.stage import Stage
from tui.panels.signals.signals_panel import SIGNALS
from tui.screens.beside.beside_screen import BesideScreen
from tui.screens.beside.flips_table import FlipsTable
from tui.streams.source import Batch

NUMBER = SinkColumn("trans_num", "string", computed=False)


def named(sink: Sink) -> Sink:
    return replace(sink, columns=(NUMBER, *sink.columns), identity="trans_num")


MODEL = named(signal_sink("model", 0.5))
RULED = named(RULES)
OTHER = named(signal_sink("other", 0.5))
LABELS = (1, 0, None)


def row(number: int, score: float) -> tuple[Any, ...]:
    at = EVENT_TIME - timedelta(minutes=number)
    return (f"t{number}", 7, at, 100.0, LABELS[number % 3], 3, score, "Why.")


def scores(rules: bool, model: bool, numbers: range) -> tuple[list[Any], list[Any]]:
    """Rows of records on which the two signals alert or not."""
    return (
        [row(number, 0.9 if rules else 0.1) for number in numbers],
        [row(number, 0.8 if model else 0.2) for number in numbers],
    )


SIDES = (
    scores(True, True, range(6)),
    scores(True, False, range(6, 9)),
    scores(False, True, range(9, 15)),
    scores(False, False, range(15, 30)),
)
ROWS = Batch(
    sinks={
        # The model has not scored the last ones yet.
        "rules": [each for rules, _ in SIDES for each in rules] + [row(77, 0.9), row(78, 0.9)],
        "model": [each for _, model in SIDES for each in model],
        "other": [],
    }
)


@asynccontextmanager
async def beside(
    *features: Sink, size: tuple[int, int] = (120, 40), **options: Any
) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    made = FakeBackend(features=(*SINKS, *(features or (RULED, MODEL))))
    stage = Stage(made, FakeSource(live_batch(), ROWS), **options)
    async with stage.app.run_test(size=size, notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("7")
        await stage.settle(pilot)
        await pilot.press("B")
        await stage.settle(pilot)
        yield stage, pilot


async def test_where_two_signals_agree_and_where_not() -> None:
    async with beside() as (stage, pilot):
        await stage.shows(
            pilot,
            "rules beside model",
            "they agree on 70 % of 30 records that both have scored",
            "alerts of both 2 200.00 2 2",
            "rules alone 1 100.00 1 1",
            "model alone 2 200.00 2 2",
            "alerts of neither 5 500.00 5 5",
            "Nothing has been promoted yet",
        )
        table = stage.app.screen.query_one(FlipsTable)
        assert [flip.identity for flip in table.rows] == [f"t{n}" for n in range(6, 15)]
        assert [flip.alerts for flip in table.rows] == [True] * 3 + [False] * 6


async def test_the_other_one_is_made_live_and_taken_back() -> None:
    async with beside() as (stage, pilot):
        await stage.shows(pilot, "they agree on")
        await pilot.press("m")
        await stage.shows(pilot, "Make model the live signal?")
        await pilot.press("y")
        await stage.shows(pilot, "rules beside model (live)", "model promoted", "by ann")
        await pilot.press("m")
        await stage.shows(pilot, "Make rules the live signal?")
        await pilot.press("n")
        await pilot.press("m", "y")
        await stage.shows(pilot, "rules (live) beside model", "rules promoted in place of model")
        await pilot.press("r")
        await stage.shows(pilot, "rules beside model (live)", "model rolled back")
        changes = [call for call in stage.backend.calls if call != "bring_up"]
        assert changes == ["promoted model", "promoted rules", "rolled back model"]
        await pilot.press("escape")
        await stage.shows(pilot, "7 Signals", "live alert from 0.5")
        assert SIGNALS.tab(stage.view.data).feature == "model"
        await pilot.press("w")
        await stage.shows(pilot, "shadow alert from 0.5")


async def test_w_goes_through_the_others() -> None:
    async with beside(RULED, MODEL, OTHER) as (stage, pilot):
        await stage.shows(pilot, "rules beside model", "70 %")
        await pilot.press("w")
        await stage.shows(pilot, "rules beside other", "No record has both scores yet.")
        await pilot.press("w")
        await stage.shows(pilot, "rules beside model", "70 %")


async def test_a_signal_alone_is_compared_with_nothing() -> None:
    async with beside(RULED) as (stage, pilot):
        await stage.toasts(pilot, "There is no other signal on this source to compare with.")
        assert not isinstance(stage.app.screen, BesideScreen)


async def test_a_promotion_that_cannot_be_kept_is_said() -> None:
    async with beside() as (stage, pilot):
        stage.backend.job_failure = InputError("The disk is full.", "Make room.")
        await pilot.press("m", "y")
        await stage.toasts(pilot, "The disk is full. Make room.")


async def test_a_read_only_console_promotes_nothing() -> None:
    async with beside(read_only=True) as (stage, pilot):
        await pilot.press("m", "r")
        await stage.settle(pilot)
        assert isinstance(stage.app.screen, BesideScreen)
        assert stage.backend.calls == ["bring_up"]


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_it_fits_every_terminal(size: tuple[int, int]) -> None:
    async with beside(size=size) as (stage, pilot):
        await stage.shows(
            pilot, "they agree on 70 %", "unlabelled", "alert of", "t6", "Nothing has been"
        )
