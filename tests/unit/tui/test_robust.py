"""Hostile data is shown and never interpreted; failures never end in a traceback."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from pipeline.errors import PipelineError
from pipeline.model.jobs import JobState
from pipeline.model.stack import Health
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, STATUS, FakeBackend, unreachable
from tests.snapshot.painted import strips
from tests.snapshot.sample_rows import (
    batch_of,
    flagged,
    live_batch,
    rolling,
    transaction,
    user,
    window_row,
)
from tests.snapshot.stage import Stage
from tui.session.view import Phase
from tui.streams.sink_topics import SinkTopic
from tui.widgets.filter_bar import FilterBar

HOSTILE = pytest.mark.parametrize(
    "text",
    [
        "\x1b[2J\x1b]0;owned\x07",
        "[red]not markup[/red] [@click=app.quit]x[/]",
        "[/]",
        "\u202eesrever\u2066",
        "\x00\x9b31m\x85\u2028",
        "x" * 10_240,
        "a" + "\u0301" * 10_240,
        "👩‍👩‍👧‍👦 🦊",
        "東京特許許可局",
        "\ud800 lone",
        "",
    ],
    ids=range(11),
)
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800]")


@HOSTILE
@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_hostile_values_are_only_text(text: str, size: tuple[int, int]) -> None:
    fields = dict.fromkeys(
        ("merchant", "category", "first", "last", "zipcode", "dob", "trans_num"), text
    )
    batch = batch_of(
        transactions=[transaction(0, **fields)],
        rolling=[rolling(0)],
        windows={kind: [window_row(0, 0)] for kind in ("tumbling", "hopping", "cumulating")},
        flagged=[flagged(0, user_id=user(0), **fields)],
    )
    stage = Stage(source=FakeSource(batch))
    async with stage.app.run_test(size=size) as pilot:
        await stage.live(pilot)
        # Every table, the whole record, a filter that contains the text, and sorting by the text.
        for keys in (["2", "N"], ["3"], ["w"], ["w"], ["4", "M"], ["enter"]):
            await pilot.press(*keys)
            await stage.read(pilot)
            await stage.settle(pilot)
            _assert_harmless(stage, size[0])
        await pilot.press("escape", "slash")
        stage.dashboard.query_one(FilterBar).value = text
        await stage.read(pilot)
        await stage.settle(pilot)
        _assert_harmless(stage, size[0])
        await pilot.press("escape")
        await stage.read(pilot)
        await stage.settle(pilot)
        if "markup" in text:
            assert "[red]not marku" in stage.screen_text()


def _assert_harmless(stage: Stage, width: int) -> None:
    shown = stage.screen_text()
    assert not CONTROL.search(shown)
    assert all(len(line) <= width for line in shown.splitlines() if line.isascii())
    for strip in strips(stage.app):
        assert strip.cell_length == width


@pytest.fixture
def unlogged(caplog: pytest.LogCaptureFixture) -> None:
    """Do not log: pytest-xdist cannot send a lone surrogate from one process to another."""
    caplog.set_level(logging.CRITICAL + 1)


@HOSTILE
@pytest.mark.usefixtures("unlogged")
async def test_hostile_errors_are_only_text(text: str) -> None:
    job = replace(JOBS[0], state=JobState.FAILED, failure=text, name=f"job {text}")
    backend = FakeBackend(
        stack=replace(STATUS, jobs=(job, *JOBS[1:])), job_failure=PipelineError(text, text)
    )
    stage = Stage(backend, FakeSource(PipelineError(text, text), error=text or "away"))
    async with stage.app.run_test(size=(100, 30)) as pilot:
        await stage.live(pilot)
        await pilot.press("j", "x")
        await stage.wait(pilot, lambda: stage.view.jobs[1].activity is not None)
        await stage.settle(pilot)
        assert not CONTROL.search(stage.screen_text())


@pytest.mark.parametrize("error", [unreachable(), RuntimeError("a bug")])
async def test_a_backend_that_fails_at_every_call_is_survived(error: Exception) -> None:
    backend = FakeBackend(stack=error, failure=error, job_failure=error)
    stage = Stage(backend)
    async with stage.app.run_test(size=(100, 30), notifications=True) as pilot:
        for _ in range(2):
            await stage.wait(pilot, lambda: stage.view.phase is Phase.FAILED)
            await stage.settle(pilot)
            assert str(error).split(".")[0] in stage.screen_text()
            await pilot.press("s", "x", "S", "X", "1", "r")
        # Otherwise the try that is under way could fail after `r` was pressed in vain.
        await stage.wait(pilot, lambda: stage.view.phase is Phase.FAILED)
        backend.failure = None
        await pilot.press("r")
        await stage.wait(pilot, lambda: stage.view.phase is Phase.LIVE)
        await pilot.press("s", "x", "S", "X", "r")
        await stage.settle(pilot)
        await stage.shows(pilot, "not reachable")
        await stage.shows(pilot, "The jobs are not known yet.")


async def test_connecting_may_fail_too() -> None:
    class Alone(Stage):
        def connect(self) -> FakeBackend:
            raise unreachable("Everything")

    stage = Alone()
    async with stage.app.run_test() as pilot:
        await stage.wait(pilot, lambda: stage.view.phase is Phase.FAILED)
        await stage.settle(pilot)
        assert "Everything does not answer." in stage.screen_text()


async def test_flink_that_goes_and_comes_back_keeps_the_last_values() -> None:
    stage = Stage(source=FakeSource(live_batch()))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        stage.backend.stack = unreachable()
        await pilot.press("r")
        await stage.wait(pilot, lambda: stage.view.reading.problem is not None)
        stage.clock.now += 30
        await stage.settle(pilot)
        shown = stage.screen_text()
        assert "flink not reachable" in shown
        assert "Last seen 30 s ago." in shown
        assert "tumbling" in shown
        stage.backend.stack = STATUS
        await pilot.press("r")
        await stage.wait(pilot, lambda: stage.view.reading.problem is None)
        await stage.settle(pilot)
        assert "not reachable" not in stage.screen_text()


async def test_kafka_that_is_down_is_not_shown_as_up() -> None:
    stage = Stage(FakeBackend(stack=replace(STATUS, kafka=Health.DOWN)))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        shown = stage.screen_text()
        assert "kafka not reachable" in shown
        assert "Kafka is not reachable." in shown


async def test_a_broker_that_comes_back_elsewhere_is_followed() -> None:
    opened: list[str] = []

    class Noting(Stage):
        def open_source(self, bootstrap: str, sinks: Sequence[SinkTopic[Any]]) -> FakeSource:
            opened.append(bootstrap)
            return super().open_source(bootstrap, sinks)

    stage = Noting()
    async with stage.app.run_test() as pilot:
        await stage.live(pilot)
        stage.backend.stack = replace(STATUS, bootstrap="127.0.0.1:9999")
        await pilot.press("r")
        await stage.wait(pilot, lambda: opened == ["127.0.0.1:9092", "127.0.0.1:9999"])
