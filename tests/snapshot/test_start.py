"""What the dashboard looks like from the moment that Kafka answers to that when all jobs run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.errors import PipelineError
from pipeline.model import StackStatus, Step
from tui.session.view import Phase
from tui.streams.source import Batch

from .fakes import JOBS, NOW, FakeBackend, FakeSource, live_batch
from .stage import Stage
from .starts import (
    FLINK_FAILED,
    JOBS_START,
    KAFKA_IS_UP,
    OFF,
    STARTING,
    WHY_FLINK_FAILED,
    batch_of_last_time,
)

SIZES = pytest.mark.parametrize(
    "size", [(80, 24), (120, 40), (200, 60)], ids=["80x24", "120x40", "200x60"]
)
Compare = Callable[..., bool]
Size = tuple[int, int]


def starting(steps: tuple[Step, ...], stack: StackStatus, *batches: Batch) -> Stage:
    """A console whose start stands still at these steps."""
    backend = FakeBackend(stack=stack, steps=steps, gate=threading.Event())
    return Stage(backend, FakeSource(*batches))


async def shown(stage: Stage, pilot: Pilot[Any]) -> None:
    """Wait until what Kafka holds is on the screen."""
    await stage.reads(pilot)
    await stage.pass_time(pilot, 4.2)


@SIZES
def test_rows_of_last_time_while_flink_comes_up(snap_compare: Compare, size: Size) -> None:
    stage = starting(KAFKA_IS_UP, STARTING, batch_of_last_time())

    async def before(pilot: Pilot[Any]) -> None:
        await shown(stage, pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)
    stage.backend.gate.set()


@SIZES
def test_jobs_start_one_by_one(snap_compare: Compare, size: Size) -> None:
    jobs = (replace(JOBS[0], started_at=NOW - 1), *STARTING.jobs[1:])
    stage = starting(JOBS_START, replace(STARTING, jobs=jobs), batch_of_last_time())

    async def before(pilot: Pilot[Any]) -> None:
        await shown(stage, pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)
    stage.backend.gate.set()


@SIZES
def test_transactions_flow_before_the_first_job_runs(snap_compare: Compare, size: Size) -> None:
    first_time = replace(live_batch(), rolling=(), windows={}, flagged=())
    stage = starting(KAFKA_IS_UP, replace(STARTING, jobs=OFF.jobs), first_time)

    async def before(pilot: Pilot[Any]) -> None:
        await shown(stage, pilot)
        await pilot.press("2")
        await stage.settle(pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)
    stage.backend.gate.set()


@SIZES
def test_start_that_fails_after_kafka_answered(snap_compare: Compare, size: Size) -> None:
    stage = starting(KAFKA_IS_UP, STARTING, batch_of_last_time())

    async def before(pilot: Pilot[Any]) -> None:
        await shown(stage, pilot)
        stage.backend.report(FLINK_FAILED)
        stage.backend.stack = OFF
        stage.backend.failure = PipelineError(WHY_FLINK_FAILED, "Look at `fraudwatch logs flink`.")
        stage.source.error = "all brokers are down"
        stage.backend.gate.set()
        await stage.wait(pilot, lambda: stage.view.phase is Phase.FAILED)
        await pilot.press("2")
        await stage.wait(pilot, lambda: stage.view.reading.status is OFF)
        await stage.pass_time(pilot, 12)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)
