"""What the dashboard looks like in each state; look at `snapshot_report.html` before accepting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.model import JobState, SimulatorStatus
from tui.session.view import Phase

from .fakes import (
    JOBS,
    NOW,
    STATUS,
    STEPS_FAILED,
    STEPS_HALF_WAY,
    FakeBackend,
    FakeSource,
    live_batch,
    unreachable,
)
from .stage import Before, Stage

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
LIVE_SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"]
)
Compare = Callable[..., bool]
Size = tuple[int, int]


def when_live(stage: Stage, *keys: str, seconds: float = 0) -> Before:
    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await stage.pass_time(pilot, seconds)
        await pilot.press(*keys)
        await stage.settle(pilot)

    return before


@SIZES
def test_starting(snap_compare: Compare, size: Size) -> None:
    stage = Stage(FakeBackend(steps=STEPS_HALF_WAY, gate=threading.Event()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.wait(pilot, lambda: stage.view.steps == STEPS_HALF_WAY)
        await stage.wait(pilot, lambda: stage.view.reading.status is not None)
        stage.clock.now = NOW + 4.2
        await stage.settle(pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)
    stage.backend.gate.set()


@SIZES
def test_start_failed(snap_compare: Compare, size: Size) -> None:
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

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@LIVE_SIZES
@pytest.mark.parametrize("table", ["2", "3", "4"], ids=["users", "windows", "flagged"])
def test_live(snap_compare: Compare, size: Size, table: str) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = when_live(stage, table, "j", "j", seconds=3)
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
def test_frozen(snap_compare: Compare, size: Size) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await pilot.press("2", "p")
        stage.source.batches.append(live_batch())
        await stage.live(pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
def test_job_stopped(snap_compare: Compare, size: Size) -> None:
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
    batch = replace(live_batch(), windows={})
    stage = Stage(FakeBackend(stack=status), FakeSource(batch))
    before = when_live(stage, "3", "1", "j", seconds=200)
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
def test_broker_gone(snap_compare: Compare, size: Size) -> None:
    stage = Stage(source=FakeSource(live_batch(), error="all brokers are down"))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await stage.wait(pilot, lambda: bool(stage.view.data.error))
        await stage.pass_time(pilot, 12)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
def test_flink_gone(snap_compare: Compare, size: Size) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        stage.backend.stack = unreachable()
        await pilot.press("r")
        await stage.wait(pilot, lambda: stage.view.reading.problem is not None)
        await stage.pass_time(pilot, 12)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


@SIZES
def test_empty(snap_compare: Compare, size: Size) -> None:
    status = replace(STATUS, simulator=SimulatorStatus())
    stage = Stage(FakeBackend(stack=status))
    assert snap_compare(stage.app, terminal_size=size, run_before=when_live(stage, "2"))


@SIZES
def test_help(snap_compare: Compare, size: Size) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = when_live(stage, "question_mark")
    assert snap_compare(stage.app, terminal_size=size, run_before=before)


def test_light_theme(snap_compare: Compare) -> None:
    stage = Stage(source=FakeSource(live_batch()))
    before = when_live(stage, "T", "4")
    assert snap_compare(stage.app, terminal_size=(120, 40), run_before=before)
