"""A whole tour: start a job, see rows, open a user, freeze, export, stop the job."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from pipeline.model.jobs import JobState
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import JOBS, STATUS, FakeBackend
from tests.snapshot.sample_rows import batch_of, live_batch, rolling, transaction
from tests.snapshot.stage import Stage
from tui.panels.users.users_table import UsersTable
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.user.user_screen import UserScreen
from tui.streams.source import Batch


async def test_the_whole_tour(tmp_path: Path) -> None:
    stopped = replace(JOBS[0], state=JobState.STOPPED, job_id="", started_at=None)
    backend = FakeBackend(stack=replace(STATUS, jobs=(stopped, *JOBS[1:])))
    stage = Stage(backend, FakeSource(Batch(transactions=[transaction(0)])), folder=tmp_path)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("2")
        await stage.shows(pilot, "The job rolling is stopped; s in Jobs starts it.")

        await pilot.press("1", "s")
        await stage.shows(pilot, "rolling is running.")
        stage.source.batches.append(live_batch())
        await stage.live(pilot)
        await pilot.press("2", "M")
        await stage.read(pilot)
        await stage.shows(pilot, "mean 6 h▾")
        selected = stage.dashboard.query_one(UsersTable).selected
        assert selected is not None

        await pilot.press("enter")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, UserScreen))
        await stage.shows(pilot, str(selected.user_id))
        await stage.shows(pilot, "40 transactions")
        await pilot.press("escape")
        assert isinstance(stage.app.screen, Dashboard)

        await pilot.press("p")
        stage.source.batches.append(batch_of(rolling=[rolling(n) for n in range(500, 600)]))
        await stage.live(pilot)
        await stage.shows(pilot, "frozen")
        await pilot.press("slash", *"count>9", "enter")
        await stage.settle(pilot)
        expected = sum(rolling(n).user_trans_count_last_360min > 9 for n in range(180))
        await stage.shows(pilot, f"Users {expected} of 180 · count>9")
        await pilot.press("E", "c", "enter")
        await stage.shows(pilot, f"Exported {expected} rows")
        (file,) = tmp_path.glob("*.csv")
        rows = list(csv.DictReader(file.open()))
        assert len(rows) == expected
        assert all(int(row["count"]) > 9 for row in rows)
        means = [float(row["mean"]) for row in rows]
        assert means == sorted(means, reverse=True)

        await pilot.press("escape", "p", "1", "g", "x")
        await stage.shows(pilot, "rolling has stopped; its state is saved.")
        assert stage.backend.calls == ["bring_up", "start rolling", "stop rolling"]
