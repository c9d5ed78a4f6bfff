"""Other jobs on the cluster are listed in the panel Jobs, out of reach of every key."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline.model.jobs import OtherJob
from tests.snapshot.fakes import JOBS, STATUS, FakeBackend
from tests.snapshot.sample_rows import NOW
from tui.drawing.tones import Tone
from tui.panels.jobs.jobs_table import JobsPanel, other_jobs

from .test_keys import console

OTHERS = (
    OtherJob("etl \x1b[31mnightly", "RUNNING", "d4", NOW - 90_000),
    OtherJob("insert-into_orders", "RESTARTING", "e5", NOW - 60),
)


def shared() -> FakeBackend:
    return FakeBackend(stack=replace(STATUS, others=OTHERS))


async def test_they_are_listed_below_our_own_jobs() -> None:
    async with console(shared()) as (stage, pilot):
        await stage.shows(pilot, "+ 2 other jobs: etl ")
        text = stage.screen_text()
        assert "insert-into_orders" in text
        assert "\x1b" not in text
        assert text.index("flagged") < text.index("other jobs")


async def test_the_cursor_does_not_reach_them() -> None:
    async with console(shared()) as (stage, pilot):
        await pilot.press("1", *["j"] * 9, "G", "down")
        await stage.settle(pilot)
        panel = stage.dashboard.query_one(JobsPanel)
        assert panel.selected is not None
        assert panel.selected.status == JOBS[-1]
        row = panel.size.height - 1
        assert await pilot.click(JobsPanel, offset=(12, row))
        await stage.settle(pilot)
        assert panel.selected.status == JOBS[-1]


@pytest.mark.parametrize(
    ("keys", "stopped"),
    [(["G", "x"], ["flagged"]), (["X", "y"], ["rolling", "tumbling", "flagged"])],
)
async def test_no_command_reaches_them(keys: list[str], stopped: list[str]) -> None:
    backend = shared()
    async with console(backend) as (stage, pilot):
        await pilot.press("1", *keys)
        orders = ["bring_up", *(f"stop {name}" for name in stopped)]
        await stage.wait(pilot, lambda: backend.calls == orders)


def test_other_jobs_are_not_in_the_table() -> None:
    assert other_jobs(()) == ()
    (piece,) = other_jobs(OTHERS)
    assert piece.tone is Tone.QUIET
