"""While the stack starts: what is shown, what keys do, and how a start ends."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from pipeline.errors import PipelineError
from pipeline.model.jobs import JobState
from pipeline.model.stack import Step, StepState
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, STATUS, STEPS_HALF_WAY, FakeBackend
from tests.snapshot.sample_rows import NOW, batch_of, rolling
from tests.snapshot.stage import Stage
from tests.snapshot.starts import (
    FLINK_FAILED,
    JOBS_START,
    KAFKA_IS_UP,
    OFF,
    STARTING,
    WHY_FLINK_FAILED,
    batch_of_last_time,
    jobs_step,
)
from tui.panels.jobs.jobs_table import JobsPanel
from tui.session.view import Phase
from tui.streams.sink_topics import ROLLING


def coming_up(steps: tuple[Step, ...] = KAFKA_IS_UP) -> Stage:
    backend = FakeBackend(stack=STARTING, steps=steps, gate=threading.Event())
    return Stage(backend, FakeSource(batch_of_last_time()))


async def test_rows_are_shown_when_kafka_answers_and_not_before() -> None:
    stage = coming_up(STEPS_HALF_WAY)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.shows(pilot, "Starting the stack")
        await pilot.press("2", "r")
        assert stage.app.focused is None
        assert stage.source.polls == 0
        stage.backend.report(KAFKA_IS_UP)
        await stage.reads(pilot)
        shown = stage.screen_text()
        assert "Starting the stack" not in shown
        assert "180 as of 2 h 05 ago" in shown
        assert "last record 2 h 05 ago" in shown
        assert "rolling" in shown and "waiting for Flink" in shown
        assert isinstance(stage.app.focused, JobsPanel)
        await pilot.press("3")
        await stage.shows(pilot, "tumbling 9 as of 2 h 05 ago")
        await pilot.press("4")
        await stage.shows(pilot, "46 as of 2 h 05 ago")
        assert stage.view.phase is Phase.STARTING
        stage.backend.gate.set()
        await stage.wait(pilot, lambda: stage.view.phase is Phase.LIVE)


async def test_jobs_of_a_start_become_lines_one_by_one() -> None:
    stage = coming_up()
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.reads(pilot)
        await stage.shows(pilot, "0 of 3 running, starting for")
        stage.backend.stack = replace(STARTING, jobs=(JOBS[0], *STARTING.jobs[1:]))
        stage.backend.report(JOBS_START)
        await stage.shows(pilot, "1 of 3 running")
        lines = stage.screen_text().splitlines()
        states = [line.split()[:3] for line in lines if line.strip()[:1] in "●◐" and line.strip()]
        assert [line[1:] for line in states if line[1] in {"rolling", "tumbling", "flagged"}] == [
            ["rolling", "running"],
            ["tumbling", "waiting"],
            ["flagged", "starting"],
        ]
        assert "starting from its savepoint" in stage.screen_text()
        stage.backend.stack = STATUS
        stage.backend.report((*JOBS_START[:-1], jobs_step()))
        stage.backend.gate.set()
        await stage.shows(pilot, "3 of 3 running")
        await stage.wait(pilot, lambda: stage.view.phase is Phase.LIVE)
        await stage.settle(pilot)
        assert "starting" not in stage.screen_text()


@pytest.mark.parametrize("key", ["s", "x"])
async def test_a_job_that_the_start_is_busy_with_is_left_to_it(key: str) -> None:
    stage = coming_up()
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.reads(pilot)
        await pilot.press("1", key)
        await stage.shows(pilot, "rolling is busy: waiting for Flink")
        assert stage.backend.calls == ["bring_up"]
    stage.backend.gate.set()


async def test_a_job_that_runs_can_be_stopped_while_others_start() -> None:
    stage = coming_up(JOBS_START)
    stage.backend.stack = replace(STARTING, jobs=(JOBS[0], *STARTING.jobs[1:]))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.reads(pilot)
        await stage.shows(pilot, "1 of 3 running")
        await pilot.press("1", "x")
        await stage.wait(pilot, lambda: "stop rolling" in stage.backend.calls)
        assert stage.view.phase is Phase.STARTING
        stage.backend.gate.set()
        await stage.wait(pilot, lambda: stage.view.jobs[0].status.state is JobState.STOPPED)


async def test_a_job_that_could_not_be_started_says_why_in_its_line() -> None:
    refused = Step("tumbling", "tumbling", StepState.FAILED, "Flink refused the job tumbling.")
    stage = coming_up((*JOBS_START[:-1], jobs_step(refused)))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.reads(pilot)
        await stage.shows(pilot, "Flink refused the job tumbling.")
        stage.backend.gate.set()
        await stage.wait(pilot, lambda: stage.view.phase is Phase.LIVE)
        await stage.settle(pilot)
        assert "Flink refused the job tumbling." in stage.screen_text()
        # The start ended without the others, too: they are as they were before it.
        assert "waiting for Flink" not in stage.screen_text()
        await pilot.press("1", "down", "s")
        await stage.wait(pilot, lambda: "start tumbling" in stage.backend.calls)
        await stage.wait(pilot, lambda: stage.view.jobs[1].status.state is JobState.RUNNING)
        await stage.settle(pilot)
        assert "refused" not in stage.screen_text()


async def test_a_start_that_fails_keeps_the_rows_and_can_be_tried_again() -> None:
    stage = coming_up()
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.reads(pilot)
        stage.backend.report(FLINK_FAILED)
        stage.backend.stack = OFF
        stage.backend.failure = PipelineError(WHY_FLINK_FAILED, "Look at `fraudwatch logs flink`.")
        stage.backend.gate.set()
        await stage.shows(
            pilot,
            "The stack did not come up; r tries again. Last record 2 h 05 ago.",
            "✗ Flink ended with exit code 1",
            WHY_FLINK_FAILED,
            "Look at `fraudwatch logs flink`.",
            "180 as of 2 h 05 ago",
            "○ rolling stopped",
        )
        stage.backend.failure = None
        stage.backend.steps = KAFKA_IS_UP
        stage.backend.stack = STATUS
        stage.backend.gate.clear()
        await pilot.press("r")
        await stage.shows(pilot, "starting for")
        assert "Starting the stack" not in stage.screen_text()
        assert "did not come up" not in stage.screen_text()
        stage.backend.gate.set()
        await stage.live(pilot)
        assert stage.backend.calls == ["bring_up", "bring_up"]


async def test_a_profile_that_attaches_starts_nothing() -> None:
    stage = coming_up(STEPS_HALF_WAY)
    stage.backend.attaches = True
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.shows(pilot, "Attaching to Kafka and Flink")
        assert "Starting" not in stage.screen_text()
        stage.backend.failure = PipelineError("Kafka does not answer.", "Check the address.")
        stage.backend.gate.set()
        await stage.shows(pilot, "Could not attach", "Kafka does not answer.")
        assert "did not come up" not in stage.screen_text()


async def test_quitting_while_jobs_start() -> None:
    stage = coming_up()
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.reads(pilot)
        await pilot.press("q")
        await stage.wait(pilot, lambda: not stage.app.is_running)
    assert stage.backend.calls == ["bring_up", "close"]
    assert stage.source.closed
    stage.backend.gate.set()


@pytest.mark.parametrize("failure", [None, PipelineError("The lease was closed.")])
async def test_a_start_that_ends_after_the_console_has_closed(failure: Exception | None) -> None:
    stage = coming_up()
    stage.backend.failure = failure
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.reads(pilot)
        stage.app.session.close()
        await stage.wait(pilot, lambda: stage.view.phase is Phase.CLOSED)
        stage.backend.gate.set()
        await stage.wait(pilot, lambda: not _starting())
        assert stage.view.phase is Phase.CLOSED
        # Quitting would wait for ever if the late start had reopened the session.
        await pilot.press("q")
        await stage.wait(pilot, lambda: not stage.app.is_running)


def _starting() -> bool:
    return any(thread.name == "fraudwatch-bring-up" for thread in threading.enumerate())


async def test_rows_are_as_of_last_time_until_the_job_has_written_one() -> None:
    stage = coming_up()
    stage.backend.stack = STATUS
    stage.backend.gate.set()
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        # rolling has been running for 754 s: earlier rows are from the run before.
        assert "180 as of 2 h 05 ago" in stage.screen_text()
        new = batch_of(rolling=[rolling(999)], written={ROLLING.topic: NOW})
        stage.source.batches.append(new)
        await stage.live(pilot)
        assert "as of" not in stage.screen_text()


async def test_a_producer_whose_clock_is_ahead_makes_nothing_younger_than_now() -> None:
    ahead = replace(batch_of_last_time(), written={ROLLING.topic: NOW + 9_000})
    stage = Stage(source=FakeSource(ahead))
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        assert stage.view.data.last_record_at == NOW
        assert stage.view.data.written[ROLLING.topic] == NOW
