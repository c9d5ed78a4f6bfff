"""How well a signal does, on the screen: figures, and another threshold."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.pilot import Pilot

from pipeline.errors import InputError
from pipeline.signals.quality import Confusion, Counts, Quality, Tally, edges_with
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import FakeBackend
from tests.snapshot.sample_rows import EVENT_TIME, live_batch
from tests.snapshot.signals import backend, scored, scored_batch
from tests.snapshot.stage import Stage
from tui.screens.quality.proposal import change, moved
from tui.screens.quality.quality_lines import table
from tui.screens.quality.quality_screen import QualityScreen
from tui.streams.source import Batch


@given(st.floats(0.001, 1), st.sampled_from([-1, 1]))
def test_a_step_leads_to_the_next_hundredth(threshold: float, step: int) -> None:
    found = moved(threshold, step)
    assert found == round(found, 2)
    assert 0.01 <= found <= 1
    assert abs(found - threshold) < 0.0101
    assert found == threshold or (found > threshold) is (step > 0) or found in (0.01, 1)


@pytest.mark.parametrize(
    ("threshold", "step", "found"),
    [
        *((0.5, 1, 0.51), (0.5, -1, 0.49), (0.29, 1, 0.3), (0.57, -1, 0.56)),
        *((0.8123, 1, 0.82), (0.8123, -1, 0.81), (1.0, 1, 1.0), (0.01, -1, 0.01)),
    ],
)
def test_steps_do_not_stay_where_they_are(threshold: float, step: int, found: float) -> None:
    assert moved(threshold, step) == found


def test_every_threshold_can_be_reached() -> None:
    at, seen = 0.01, []
    while at < 1:
        seen.append(at)
        at = moved(at, 1)
    assert seen == [hundredths / 100 for hundredths in range(1, 100)]


NOW = Confusion(caught=5, false_alerts=4, missed=5, caught_amount=1_000.0, alerts_a_day=9.0)


@pytest.mark.parametrize(
    ("then", "words"),
    [
        (
            Confusion(caught=8, false_alerts=7, missed=2, caught_amount=3_310.0, alerts_a_day=23),
            "+14 alerts a day, +2,310.00 caught in 3 frauds, 3 more false alerts",
        ),
        (
            Confusion(caught=4, false_alerts=3, missed=6, caught_amount=900, alerts_a_day=7),
            "-2.0 alerts a day, -100.00 caught in 1 fraud, 1 fewer false alert",
        ),
        (
            Confusion(caught=5, false_alerts=4, unlabelled_alerts=1, alerts_a_day=10),
            "+1.0 alerts a day",
        ),
        (Confusion(caught=5, false_alerts=4, unlabelled_alerts=1), "+1 alert"),
        (NOW, "no record read so far changes sides"),
    ],
)
def test_the_change_in_words(then: Confusion, words: str) -> None:
    assert change(NOW, then) == words


def figures(counts: Counts, proposed: float | None = None) -> dict[str, list[str]]:
    lines = table(Quality(0.5, counts, counts), proposed)
    return {name.text.strip(): [cell.text.strip() for cell in cells] for name, *cells in lines}


def test_what_is_unknown_is_a_dash() -> None:
    found = figures(Counts())
    assert found["scored"] == ["0", "0"]
    assert {
        cell for name, cells in found.items() if name not in ("", "scored") for cell in cells
    } == {"–"}
    unlabelled = Tally(edges_with(0.5))
    unlabelled.add(0.9, None, 5.0, EVENT_TIME)
    found = figures(unlabelled.counts())
    assert found["unlabelled"] == ["100 %"] * 2
    known = ("", "scored", "unlabelled")
    assert {cell for name, cells in found.items() if name not in known for cell in cells} == {"–"}
    never = Tally(edges_with(0.5))
    never.add(0.1, False, 5.0, EVENT_TIME)
    found = figures(never.counts(), 0.05)
    assert (found["false alerts"], found["passed rightly"]) == (["0", "0", "1"], ["1", "1", "0"])
    assert found["precision"] == ["–", "–", "0 % (0–79)"]
    assert found["recall"] == ["–"] * 3


def alerts(threshold: float) -> int:
    return sum(scored(number)[5] >= threshold for number in range(700))


@asynccontextmanager
async def screen(
    made: FakeBackend, *batches: Batch, size: tuple[int, int] = (120, 40), **options: Any
) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    stage = Stage(made, FakeSource(live_batch(), *batches), **options)
    async with stage.app.run_test(size=size, notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("7")
        await stage.settle(pilot)
        await pilot.press("Q")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, QualityScreen))
        yield stage, pilot


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (180, 50)])
async def test_the_figures_are_whole_on_every_screen(size: tuple[int, int]) -> None:
    async with screen(backend(), scored_batch(), size=size) as (stage, pilot):
        await stage.shows(pilot, "Quality of rules alert from 0.5", "[ and ] try another threshold")
        await stage.shows(pilot, "average precision 0.23", "recall 15 % (9–22)", "18 · 15,118")
        await pilot.press("right_square_bracket")
        await stage.shows(pilot, "everything at 0.51", "From 0.51: -1.4 alerts a day")
        await stage.shows(pilot, "Scores", "Precision over recall 0.23", "enter use it", "? help")


async def test_a_threshold_is_tried_and_given() -> None:
    made = backend()
    async with screen(made, scored_batch()) as (stage, pilot):
        await pilot.press(*["left_square_bracket"] * 3)
        await stage.shows(
            pilot, "From 0.47: +26 alerts a day, +7,385.64 caught in 9 frauds, 27 more"
        )
        await pilot.press("backspace")
        await stage.shows(pilot, "[ and ] try another threshold")
        await pilot.press("enter")
        await pilot.press("left_square_bracket", "enter")
        await stage.shows(pilot, "rules alerts from 0.49 now.", "alert from 0.49", "[ and ] try")
        assert made.calls == ["bring_up", "threshold rules 0.49"]
        await pilot.press("escape")
        await stage.shows(pilot, f"7 Signals rules {alerts(0.49)} of 700", "alert from 0.49")
        await pilot.press("Q", *["left_square_bracket"] * 2, "enter")
        await stage.shows(pilot, "alert from 0.47")
        await pilot.press("escape")
        await stage.shows(pilot, f"7 Signals rules {alerts(0.47)} of 700")


async def test_a_threshold_that_is_refused_stays_as_it_was() -> None:
    made = backend(job_failure=InputError("The disk is full.", "Make room."))
    async with screen(made, scored_batch()) as (stage, pilot):
        await pilot.press("right_square_bracket", "enter")
        await stage.shows(pilot, "rules: The disk is full. Make room.", "alert from 0.5")
        await stage.shows(pilot, "From 0.51")


async def test_a_read_only_console_only_tries() -> None:
    made = backend()
    async with screen(made, scored_batch(), read_only=True) as (stage, pilot):
        await pilot.press("right_square_bracket", "enter")
        await stage.shows(pilot, "From 0.51")
        assert "use it" not in stage.screen_text()
        assert made.calls == ["bring_up"]


async def test_without_rows_it_says_why() -> None:
    async with screen(backend(runs=False)) as (stage, pilot):
        await stage.shows(pilot, "Quality of rules", "The signal rules does not run; s starts it")
        await pilot.press("right_square_bracket", "enter", "backspace")
        await stage.shows(pilot, "No record has a label yet.", "No record is labelled fraud yet.")


async def test_without_labels_it_shows_what_is_known() -> None:
    rows = [scored(number, is_fraud=None) for number in range(70)]
    async with screen(backend(), Batch(sinks={"rules": rows})) as (stage, pilot):
        await stage.shows(pilot, "unlabelled 100 %", "precision –", "No record has a label yet.")
        await pilot.press("right_square_bracket")
        await stage.shows(pilot, "From 0.51: -7.2 alerts a day.")


async def test_the_figures_follow_the_stream() -> None:
    async with screen(backend(), scored_batch(70)) as (stage, pilot):
        await stage.shows(pilot, "scored 70")
        rows = [scored(number) for number in range(70, 140)]
        stage.source.batches.append(Batch(sinks={"rules": rows}))
        await stage.live(pilot)
        await stage.shows(pilot, "scored 140")
