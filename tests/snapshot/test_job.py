"""What the screen of one job looks like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.model.jobs import JobState
from tui.screens.job.job_screen import JobScreen

from .fake_source import FakeSource
from .fakes import JOBS, STATUS, FakeBackend, unreachable
from .sample_findings import FOUND
from .sample_rows import NOW, live_batch
from .stage import Stage, flowing

WIDE = (120, 40)
SECTIONS = {"1": "ibis", "2": "sql", "3": "exceptions", "4": "state", "5": "in time"}
"""By their keys."""
Compare = Callable[..., bool]
Open = Callable[[Pilot[Any], str], Awaitable[object]]
"""Open a job, and the section with this key."""


async def open_job(stage: Stage, pilot: Pilot[Any], *keys: str) -> JobScreen:
    """Open the selected job and wait until its details are known."""
    await stage.live(pilot)
    await pilot.press("1", "enter")
    await stage.wait(pilot, lambda: isinstance(stage.app.screen, JobScreen))
    screen = stage.app.screen
    assert isinstance(screen, JobScreen)
    await stage.wait(pilot, lambda: (screen.detail.value or screen.detail.problem) is not None)
    await stage.wait(pilot, lambda: any(line.metrics for line in stage.view.jobs))
    await pilot.press(*keys)
    stage.draw()
    await pilot.pause()
    return screen


def while_it_runs() -> tuple[Stage, Open]:
    stage = Stage(FakeBackend(found=FOUND), FakeSource(live_batch()))
    return stage, lambda pilot, section: open_job(stage, pilot, section)


def that_failed() -> tuple[Stage, Open]:
    failed = replace(
        JOBS[0], state=JobState.FAILED, started_at=None, job_id="", failure="the topic is gone"
    )
    stage = Stage(
        FakeBackend(stack=replace(STATUS, jobs=(failed, *JOBS[1:]))), FakeSource(live_batch())
    )
    return stage, lambda pilot, section: open_job(stage, pilot, section)


def while_flink_is_away() -> tuple[Stage, Open]:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any], section: str) -> None:
        screen = await open_job(stage, pilot, section)
        stage.backend.stack = unreachable()
        stage.app.session.look()
        screen.look_again()
        await stage.wait(pilot, lambda: screen.detail.problem is not None)
        await stage.wait(pilot, lambda: stage.view.reading.problem is not None)
        stage.clock.now = NOW + 30
        stage.draw()
        await pilot.pause()

    return stage, before


@pytest.mark.parametrize("section", SECTIONS, ids=SECTIONS.get)
def test_job(snap_compare: Compare, section: str) -> None:
    stage, before = while_it_runs()
    assert snap_compare(
        stage.app, terminal_size=(80, 24), run_before=lambda pilot: before(pilot, section)
    )


def test_wide_job(snap_compare: Compare) -> None:
    stage, before = while_it_runs()
    assert snap_compare(stage.app, terminal_size=WIDE, run_before=lambda pilot: before(pilot, "1"))


@pytest.mark.parametrize(
    ("state", "section"),
    [(that_failed, "3"), (while_flink_is_away, "4")],
    ids=["that failed", "while flink is away"],
)
def test_trouble(
    snap_compare: Compare, state: Callable[[], tuple[Stage, Open]], section: str
) -> None:
    stage, before = state()
    assert snap_compare(
        stage.app, terminal_size=(80, 24), run_before=lambda pilot: before(pilot, section)
    )


SECTIONS_LINE = 8
"""The line with the names of the sections on a wide screen, below the metrics."""


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            "2",
            [
                " CREATE TEMPORARY TABLE `transaction_raw` (",
                "   `amt` DOUBLE",
                " ) WITH (",
                "   'connector' = 'kafka'",
                " );",
                "",
                " INSERT INTO `rolling_sink`",
                " SELECT",
                "   AVG(`t0`.`amt`) OVER "
                "(RANGE BETWEEN INTERVAL '360' MINUTE(3) PRECEDING AND CURRENT ROW)",
                " FROM `transaction`;",
            ],
        ),
        (
            "3",
            [
                " 2023-11-14 22:08:00, 5 min ago",
                " org.apache.flink.util.FlinkException: the TaskManager was lost",
                " ␉at org.apache.flink.runtime.A.b(A.java:17)",
                " Caused by: java.io.IOException: gone",
            ],
        ),
        (
            "4",
            [
                " A start resumes from the one with the arrow.",
                " → checkpoint        4 s ago  /state/checkpoints/a1/chk-71",
                "   savepoint      2 h 01 ago  /state/savepoints/savepoint-a1-5",
            ],
        ),
    ],
    ids=["sql", "exceptions", "state"],
)
async def test_on_a_wide_screen_sections_change_and_what_is_above_them_stays(
    section: str, said: list[str]
) -> None:
    stage, before = while_it_runs()
    first = await stage.lines(WIDE, lambda pilot: before(pilot, "1"))
    stage, before = while_it_runs()
    lines = await stage.lines(WIDE, lambda pilot: before(pilot, section))
    below = SECTIONS_LINE + 1
    assert flowing(lines[SECTIONS_LINE]) == (
        "─ 1 Ibis ─ 2 Flink SQL ─ 3 Exceptions 1 ─ 4 State 2 ─ 5 In time"
    )
    assert lines[:below] == first[:below]
    assert lines[below : below + len(said)] == said
    assert not any(lines[below + len(said) : -1])
    assert lines[-1] == first[-1]


async def test_a_failed_job_says_why_and_has_no_metrics() -> None:
    stage, before = that_failed()
    lines = await stage.lines(WIDE, lambda pilot: before(pilot, "3"))
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ● flink 3/8 slots used 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread"
    assert flowing(lines[2]) == (
        "─ rolling Mean amount and number of a user's transactions in the last 360 minutes."
    )
    assert flowing(lines[3]) == "✗ rolling failed the topic is gone"
    assert flowing(lines[4]) == "read – checkpoint – watermark –"
    assert flowing(lines[5]) == "written – took – dropped late –"
    assert flowing(lines[6]) == "lag – failed – busy –"
    assert flowing(lines[7]) == "behind – restarts – back-pressure –"
    assert flowing(lines[8]) == "─ 1 Ibis ─ 2 Flink SQL ─ 3 Exceptions 1 ─ 4 State 2 ─ 5 In time"
    assert lines[9] == " 2023-11-14 22:08:00, 5 min ago"
    assert lines[10] == (" org.apache.flink.util.FlinkException: the TaskManager was lost")
    assert lines[11] == " ␉at org.apache.flink.runtime.A.b(A.java:17)"
    assert lines[12] == " Caused by: java.io.IOException: gone"
    assert not any(lines[13:-1])
    assert {line.index("watermark") for line in lines if "watermark" in line} == {79}


async def test_while_flink_is_away_a_job_is_as_it_was() -> None:
    stage, before = while_flink_is_away()
    lines = await stage.lines(WIDE, lambda pilot: before(pilot, "4"))
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ○ flink not reachable 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == (
        "Flink at http://127.0.0.1:8081 does not answer. Last seen 30 s ago."
    )
    assert flowing(lines[2]) == (
        "─ rolling Mean amount and number of a user's transactions in the last 360 minutes."
    )
    assert flowing(lines[3]) == "? rolling running → user_trans_amt_last_360min"
    assert flowing(lines[4]) == "read – checkpoint – watermark –"
    assert flowing(lines[5]) == "written – took – dropped late –"
    assert flowing(lines[6]) == "lag – failed – busy –"
    assert flowing(lines[7]) == "behind – restarts – back-pressure –"
    assert flowing(lines[8]) == "─ 1 Ibis ─ 2 Flink SQL ─ 3 Exceptions 1 ─ 4 State 2 ─ 5 In time"
    assert lines[9] == (
        " Flink at http://127.0.0.1:8081 does not answer. See whether it runs "
        "with `fraudwatch status`. As it was 30 s ago."
    )
    assert lines[10] == ""
    assert lines[11] == " A start resumes from the one with the arrow."
    assert lines[12] == " → checkpoint       34 s ago  /state/checkpoints/a1/chk-71"
    assert lines[13] == ("   savepoint      2 h 02 ago  /state/savepoints/savepoint-a1-5")
    assert not any(lines[14:-1])
    assert {line.index("watermark") for line in lines if "watermark" in line} == {79}
