"""How far the inputs of a signal have drifted, in the console."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from textual.pilot import Pilot

from pipeline.errors import InputError
from pipeline.signals.drift import LARGE, spread
from pipeline.signals.trees import Spread
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.signals import RULES, backend, scored_batch
from tests.snapshot.stage import Stage
from tui.panels.signals.signal_drift import TRAINING, NewestInputs
from tui.streams.sink_topics import own_sinks

NOON = datetime(2024, 3, 1, 12)
(SINK,) = own_sinks([RULES])


def row(at: datetime, amount: float | None, hour: int | None = 12) -> tuple[Any, ...]:
    return (7, at, amount, 0, hour, 0.5, "")


def filled(*amounts: float | None, step: timedelta = timedelta(seconds=10)) -> NewestInputs:
    found = NewestInputs(SINK)
    for number, amount in enumerate(amounts):
        at = NOON + number * step
        found.add(at, row(at, amount))
    return found


def of(values: list[float]) -> Spread:
    return spread(np.array(values, np.float64))


def test_rows_are_compared_with_the_training() -> None:
    trained = {"amt": of([float(n) for n in range(300)]), "hour": of([12.0] * 300)}
    same = filled(*(float(n) for n in range(300))).drift(trained)
    assert (same.reference, same.rows) == (TRAINING, 300)
    assert {each.name for each in same.inputs} == {"amt", "hour", "score"}
    assert {each.name: each.index for each in same.inputs}["amt"] == pytest.approx(0, abs=1e-9)
    moved = filled(*(1_000.0 + n for n in range(300))).drift(trained)
    assert moved.inputs[0].name == "amt"
    assert moved.inputs[0].index is not None and moved.inputs[0].index > LARGE
    # Nothing was known of the score.
    assert {each.name: each.index for each in moved.inputs}["score"] is None


def test_a_chosen_hour_takes_the_place_of_the_training() -> None:
    found = filled(*(float(n % 50) for n in range(400)))
    assert found.drift({}).reference == ""
    assert found.choose_hour()
    after = found.drift({"amt": of([1.0])})
    assert after.reference == "the hour until 03-01 13:06"
    assert all(each.index is not None and each.index < 0.1 for each in after.inputs)
    for number in range(5_000):
        at = NOON + timedelta(hours=2, seconds=number)
        found.add(at, row(at, 9_000.0))
    assert found.drift({}).rows == 5_000
    assert found.drift({}).inputs[0].name == "amt"


def test_few_rows_say_nothing() -> None:
    found = filled(*(1.0 for _ in range(199)))
    assert not found.choose_hour()
    assert {each.index for each in found.drift({"amt": of([5.0])}).inputs} == {None}
    assert NewestInputs(SINK).drift({}).inputs[0].newest is None


def test_an_input_that_has_stopped_is_not_fresh() -> None:
    found = filled(1.0, 2.0, None, None)
    (amount,) = (each for each in found.drift({}).inputs if each.name == "amt")
    assert (amount.nulls, amount.newest) == (0.5, NOON + timedelta(seconds=10))
    assert found.drift({}).newest == NOON + timedelta(seconds=30)


async def opened(stage: Stage, pilot: Pilot[Any]) -> None:
    await stage.live(pilot)
    await pilot.press("7")
    await stage.settle(pilot)
    await pilot.press("Q")
    await stage.shows(pilot, "Quality of rules")


async def test_the_screen_compares_with_the_training_or_with_the_last_hour() -> None:
    trained = {"amt": of([1.0, 2.0, 3.0] * 100), "score": of([0.1] * 300)}
    made = backend(trained=trained)
    stage = Stage(made, FakeSource(live_batch(), scored_batch()))
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(stage, pilot)
        await pilot.press("d")
        await stage.shows(pilot, "Drift of the newest 700 rows since the training", "newest value")
        await pilot.press("h")
        # The rows go back in time by three minutes each.
        await stage.shows(pilot, "The last hour has too few rows to compare with.")
        await pilot.press("d")
        await stage.shows(pilot, "Precision over recall")


async def test_without_a_training_an_hour_is_chosen() -> None:
    rows = [(7, NOON + timedelta(seconds=n), float(n % 40), 0, 3, 0.2, "") for n in range(500)]
    batch = replace(scored_batch(0), sinks={"rules": rows})
    stage = Stage(backend(), FakeSource(live_batch(), batch))
    async with stage.app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(stage, pilot)
        await pilot.press("d")
        await stage.shows(pilot, "h compares them with the last hour.")
        await pilot.press("h")
        await stage.shows(pilot, "Drift of the newest 500 rows since the hour until 03-01 12:08")


async def test_a_model_that_cannot_be_read_is_said() -> None:
    made = backend()

    def spreads(_: str) -> dict[str, Spread]:
        raise InputError("The model is damaged.", "Start another one.")

    made.spreads = spreads  # type: ignore[method-assign,assignment]  # a fake
    stage = Stage(made, FakeSource(live_batch(), scored_batch()))
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await opened(stage, pilot)
        await pilot.press("d")
        await stage.shows(pilot, "The model is damaged. Start another one.")
