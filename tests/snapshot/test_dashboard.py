"""What the dashboard looks like in each state; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.model.jobs import JobState
from pipeline.model.simulator import SimulatorStatus
from tui.session.view import Phase

from .fake_source import FakeSource
from .fakes import JOBS, STATUS, STEPS_FAILED, STEPS_HALF_WAY, FakeBackend, unreachable
from .sample_rows import NOW, live_batch
from .stage import Before, Stage

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Compare = Callable[..., bool]
Size = tuple[int, int]


def when_live(stage: Stage, *keys: str, seconds: float = 0) -> Before:
    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await stage.pass_time(pilot, seconds)
        await pilot.press(*keys)
        await stage.settle(pilot)

    return before


def starting() -> tuple[Stage, Before]:
    stage = Stage(FakeBackend(steps=STEPS_HALF_WAY, gate=threading.Event()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.wait(pilot, lambda: stage.view.steps == STEPS_HALF_WAY)
        await stage.wait(pilot, lambda: stage.view.reading.status is not None)
        stage.clock.now = NOW + 4.2
        await stage.settle(pilot)

    return stage, before


def start_failed() -> tuple[Stage, Before]:
    backend = FakeBackend(
        stack=unreachable("The local stack"),
        steps=STEPS_FAILED,
        failure=unreachable(
            "The Kafka broker does not start: it ended with exit code 1. Port 9092"
        ),
    )
    stage = Stage(backend)

    async def before(pilot: Pilot[Any]) -> None:
        await stage.wait(pilot, lambda: stage.view.phase is Phase.FAILED)
        await stage.settle(pilot)

    return stage, before


def live(table: str) -> tuple[Stage, Before]:
    stage = Stage(source=FakeSource(live_batch()))
    return stage, when_live(stage, table, "j", "j", seconds=3)


def frozen() -> tuple[Stage, Before]:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await pilot.press("2", "p")
        stage.source.batches.append(live_batch())
        await stage.live(pilot)

    return stage, before


def job_stopped() -> tuple[Stage, Before]:
    stopped = replace(
        JOBS[1],
        state=JobState.STOPPED,
        job_id="",
        started_at=None,
        savepoint="/s",
        savepoint_at=NOW,
    )
    failed = replace(
        JOBS[2], state=JobState.FAILED, started_at=None, failure="Kafka topic is not there"
    )
    status = replace(STATUS, jobs=(JOBS[0], stopped, failed))
    batch = live_batch()
    batch = replace(batch, sinks={**batch.sinks, "tumbling": ()})
    stage = Stage(FakeBackend(stack=status), FakeSource(batch))
    return stage, when_live(stage, "3", "1", "j", seconds=200)


def broker_gone() -> tuple[Stage, Before]:
    stage = Stage(source=FakeSource(live_batch(), error="all brokers are down"))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await stage.wait(pilot, lambda: bool(stage.view.data.error))
        await stage.pass_time(pilot, 12)

    return stage, before


def flink_gone() -> tuple[Stage, Before]:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        stage.backend.stack = unreachable()
        await pilot.press("r")
        await stage.wait(pilot, lambda: stage.view.reading.problem is not None)
        await stage.pass_time(pilot, 12)

    return stage, before


@SIZES
@pytest.mark.parametrize("table", ["2", "3", "4"], ids=["users", "windows", "flagged"])
def test_live(snap_compare: Compare, size: Size, table: str) -> None:
    stage, before = live(table)
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


def test_live_side_by_side(snap_compare: Compare) -> None:
    stage, before = live("2")
    assert snap_compare(stage.app, terminal_size=(200, 60), run_before=before)


@pytest.mark.parametrize(
    "state",
    [starting, start_failed, frozen, job_stopped, broker_gone, flink_gone],
    ids=lambda state: state.__name__,
)
def test_state(snap_compare: Compare, state: Callable[[], tuple[Stage, Before]]) -> None:
    stage, before = state()
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)
    stage.backend.gate.set()


@SIZES
def test_empty(snap_compare: Compare, size: Size) -> None:
    status = replace(STATUS, simulator=SimulatorStatus())
    stage = Stage(FakeBackend(stack=status))
    assert snap_compare(stage.app, terminal_size=size, run_before=when_live(stage, "2"))


def test_help(snap_compare: Compare) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = when_live(stage, "question_mark")
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)
