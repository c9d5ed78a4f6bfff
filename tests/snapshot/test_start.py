"""What the dashboard looks like from Kafka's first answer until all jobs are running."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.errors import PipelineError
from pipeline.model.stack import StackStatus, Step
from tui.session.view import Phase
from tui.streams.source import Batch

from .fake_source import FakeSource
from .fakes import JOBS, FakeBackend
from .sample_rows import NOW, live_batch
from .stage import Before, Stage, flowing
from .starts import (
    FLINK_FAILED,
    JOBS_START,
    KAFKA_IS_UP,
    OFF,
    STARTING,
    WHY_FLINK_FAILED,
    batch_of_last_time,
)

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Compare = Callable[..., bool]
Size = tuple[int, int]
Moment = Callable[[], tuple[Stage, Before]]


def starting(steps: tuple[Step, ...], stack: StackStatus, *batches: Batch) -> Stage:
    """A console whose start stops at these steps."""
    backend = FakeBackend(stack=stack, steps=steps, gate=threading.Event())
    return Stage(backend, FakeSource(*batches))


async def shown(stage: Stage, pilot: Pilot[Any]) -> None:
    """Wait until the records in Kafka are on the screen."""
    await stage.reads(pilot)
    await stage.pass_time(pilot, 4.2)


def rows_of_last_time() -> tuple[Stage, Before]:
    stage = starting(KAFKA_IS_UP, STARTING, batch_of_last_time())
    return stage, lambda pilot: shown(stage, pilot)


def jobs_start_one_by_one() -> tuple[Stage, Before]:
    jobs = (replace(JOBS[0], started_at=NOW - 1), *STARTING.jobs[1:])
    stage = starting(JOBS_START, replace(STARTING, jobs=jobs), batch_of_last_time())
    return stage, lambda pilot: shown(stage, pilot)


def transactions_flow() -> tuple[Stage, Before]:
    first_time = replace(live_batch(), sinks={})
    stage = starting(KAFKA_IS_UP, replace(STARTING, jobs=OFF.jobs), first_time)

    async def before(pilot: Pilot[Any]) -> None:
        await shown(stage, pilot)
        await pilot.press("2")
        await stage.settle(pilot)

    return stage, before


def start_fails() -> tuple[Stage, Before]:
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

    return stage, before


@pytest.mark.parametrize(
    "moment", [rows_of_last_time, jobs_start_one_by_one], ids=lambda moment: moment.__name__
)
def test_rows_are_there_before_the_jobs(snap_compare: Compare, moment: Moment) -> None:
    stage, before = moment()
    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)
    stage.backend.gate.set()


@SIZES
@pytest.mark.parametrize(
    "moment", [transactions_flow, start_fails], ids=lambda moment: moment.__name__
)
def test_start(snap_compare: Compare, size: Size, moment: Moment) -> None:
    stage, before = moment()
    assert snap_compare(stage.app, terminal_size=size, run_before=before)
    stage.backend.gate.set()


async def on_screen(moment: Moment, size: Size) -> list[str]:
    stage, before = moment()
    lines = await stage.lines(size, before)
    stage.backend.gate.set()
    return lines


async def test_while_flink_comes_up_the_rows_of_last_time_are_there_with_their_age() -> None:
    lines = await on_screen(rows_of_last_time, (120, 40))
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ◐ flink starting 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread last record 2 h 05 ago"
    assert [line[:70].rstrip() for line in lines[3:9]] == [
        "─ 1 Jobs 0 of 3 running, starting for 4 s ────────────────────────────",
        " job           state            up      read        lag",
        " ◐ rolling     waiting                        waiting for Flink",
        " ◐ tumbling    waiting                        waiting for Flink",
        " ◐ flagged     waiting                        waiting for Flink",
        " ⠹ Flink                                                        4.2 s",
    ]
    assert lines[2][71:] == "Transactions/s"
    assert lines[7][71:].strip() == "Waiting for transactions."
    assert flowing(lines[13]) == (
        "─ 2 Users 180 as of 2 h 05 ago ─ 3 Windows tumbling 9 ─ 4 Flagged 46 ─ 5 Plots "
        "─ 6 Records ─ 7 Signals"
    )
    assert flowing(lines[14]) == "user mean 6 h count trend flags last seen▾ amount updated"
    assert flowing(lines[15]) == (
        "-7911603569390985487 18.40 1 ▁ 2 03-04 17:22:10 12.50 2 h 05 ago"
    )
    assert flowing(lines[38]) == (
        "-3949579756891142956 1,596.13 11 ▁ 3 03-04 17:06:27 1,224.69 2 h 05 ago"
    )
    assert {line[104:116].strip() for line in lines[15:39]} == {"2 h 05 ago"}

    lines = await on_screen(rows_of_last_time, (200, 60))
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ◐ flink starting 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread last record 2 h 05 ago"
    assert [line[:86].rstrip() for line in lines[3:9]] == [
        "─ 1 Jobs 0 of 3 running, starting for 4 s ──────────────────────────────────────────",
        " job             state            up      read        lag  checkpoint",
        " ◐ rolling       waiting                                   waiting for Flink",
        " ◐ tumbling      waiting                                   waiting for Flink",
        " ◐ flagged       waiting                                   waiting for Flink",
        " ⠹ Flink                                                                      4.2 s",
    ]
    assert "   Flagged/min 0  mean of 1 min each" in lines[2]
    assert not any(line[:100].strip() for line in lines[9:13])
    left, right = [line[:89] for line in lines[13:59]], [line[89:] for line in lines[13:59]]
    assert flowing(left[0]) == "─ 2 Users 180 as of 2 h 05 ago"
    assert flowing(right[0]) == "─ 3 Windows tumbling 9 as of 2 h 05 ago"
    assert flowing(right[23]) == "─ 4 Flagged 46 as of 2 h 05 ago"
    assert flowing(right[1]) == ("open 2023-03-04 12:00 → 18:00 closes in 38 min of event time")
    assert flowing(right[2]) == (
        "watermark 2023-03-04 17:21:52, held back by partition 3 (silent for 4 "
        "s, left out after 10 s)"
    )
    assert all(line.split()[0].lstrip("-").isdigit() for line in left[2:])


async def test_jobs_that_start_one_by_one_say_what_they_wait_for() -> None:
    lines = await on_screen(jobs_start_one_by_one, (120, 40))
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ◐ flink starting 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread last record 2 h 05 ago"
    assert [line[:70].rstrip() for line in lines[3:8]] == [
        "─ 1 Jobs 1 of 3 running, starting for 4 s ────────────────────────────",
        " job           state            up      read        lag",
        " ● rolling     running         5 s     104/s         12  → user_…0min",
        " ◐ tumbling    waiting                        waiting for its turn",
        " ◐ flagged     starting             starting from its savepoint",
    ]
    assert lines[2][71:] == "Transactions/s"
    assert lines[7][71:].strip() == "Waiting for transactions."
    assert flowing(lines[13]) == (
        "─ 2 Users 180 as of 2 h 05 ago ─ 3 Windows tumbling 9 ─ 4 Flagged 46 ─ 5 Plots "
        "─ 6 Records ─ 7 Signals"
    )
    assert flowing(lines[14]) == "user mean 6 h count trend flags last seen▾ amount updated"
    assert flowing(lines[15]) == (
        "-7911603569390985487 18.40 1 ▁ 2 03-04 17:22:10 12.50 2 h 05 ago"
    )
    assert flowing(lines[38]) == (
        "-3949579756891142956 1,596.13 11 ▁ 3 03-04 17:06:27 1,224.69 2 h 05 ago"
    )
    assert {line[104:116].strip() for line in lines[15:39]} == {"2 h 05 ago"}

    lines = await on_screen(jobs_start_one_by_one, (200, 60))
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ◐ flink starting 0 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 46 flagged 0 unread last record 2 h 05 ago"
    assert [line[:86].rstrip() for line in lines[3:8]] == [
        "─ 1 Jobs 1 of 3 running, starting for 4 s ──────────────────────────────────────────",
        " job             state            up      read        lag  checkpoint",
        " ● rolling       running         5 s     104/s         12     8 s ago  → user_…0min",
        " ◐ tumbling      waiting                                   waiting for its turn",
        " ◐ flagged       starting                       starting from its savepoint",
    ]
    assert "   Flagged/min 0  mean of 1 min each" in lines[2]
    assert not any(line[:100].strip() for line in lines[8:13])
    left, right = [line[:89] for line in lines[13:59]], [line[89:] for line in lines[13:59]]
    assert flowing(left[0]) == "─ 2 Users 180 as of 2 h 05 ago"
    assert flowing(right[0]) == "─ 3 Windows tumbling 9 as of 2 h 05 ago"
    assert flowing(right[23]) == "─ 4 Flagged 46 as of 2 h 05 ago"
    assert flowing(right[1]) == ("open 2023-03-04 12:00 → 18:00 closes in 38 min of event time")
    assert flowing(right[2]) == (
        "watermark 2023-03-04 17:21:52, held back by partition 3 (silent for 4 "
        "s, left out after 10 s)"
    )
    assert all(line.split()[0].lstrip("-").isdigit() for line in left[2:])


async def test_side_by_side_every_table_says_which_job_is_starting() -> None:
    lines = await on_screen(transactions_flow, (200, 60))
    assert flowing(lines[0]) == (
        "fraudwatch local ● kafka ◐ flink starting 130 tx/s sim ×720 event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == "520 transactions 0 flagged 0 unread"
    assert [line[:86].rstrip() for line in lines[3:9]] == [
        "─ 1 Jobs 0 of 3 running, starting for 4 s ────────────────────────────────────────── 5",
        " job             state            up      read        lag  checkpoint",
        " ◐ rolling       waiting                                   waiting for Flink",
        " ◐ tumbling      waiting                                   waiting for Flink",
        " ◐ flagged       waiting                                   waiting for Flink",
        " ⠹ Flink                                                                      4.2 s",
    ]
    assert flowing(lines[13][:89]) == "─ 2 Users 0"
    assert flowing(lines[13][89:]) == "─ 3 Windows tumbling 0"
    assert flowing(lines[14]) == ("open 2023-03-04 12:00 → 18:00 closes in 38 min of event time")
    assert flowing(lines[15]) == (
        "watermark 2023-03-04 17:21:52, held back by partition 3 (silent for 4 "
        "s, left out after 10 s)"
    )
    said = {row: flowing(line) for row, line in enumerate(lines[16:59], 16) if line.strip()}
    assert said == {
        22: "The job tumbling is starting; 520 transactions so far.",
        29: "The job rolling is starting; 520 transactions so far.",
        36: "─ 4 Flagged 0",
        44: "The job flagged is starting; 520 transactions so far.",
    }
    assert lines[36].index("─ 4 Flagged 0") == lines[13].index("─ 3 Windows tumbling 0") == 91
    assert "Transactions/s 130  peak 520                   wall time" in lines[2]


async def test_on_the_widest_screen_a_start_that_fails_says_why_above_all_tables() -> None:
    lines = await on_screen(start_fails, (200, 60))
    assert flowing(lines[0]) == (
        "fraudwatch local ○ kafka not reachable ○ flink off 0 tx/s event 2023-03-04 17:22:10"
    )
    assert flowing(lines[1]) == (
        "The stack did not come up; r tries again. Last record 2 h 05 ago."
    )
    assert flowing(lines[3]) == "─ 1 Jobs 0 of 3 running"
    assert flowing(lines[4]) == "job state up read lag checkpoint"
    columns = [lines[4].index(heading) for heading in ("job", "state")]
    for line, name in zip(lines[5:8], ("rolling", "tumbling", "flagged"), strict=True):
        # No age of a checkpoint: a start resumes from the savepoint.
        assert flowing(line) == f"○ {name} stopped state saved 2 h 05 ago"
        assert columns == [line.index(name) - 2, line.index("stopped")]
    assert len({line.index("state saved") for line in lines[5:8]}) == 1
    assert lines[8] == (
        " ✗ Flink                     ended with exit code 1; its log ends: java.net…    3.1 s"
    )
    assert flowing(lines[9]) == (
        "The Flink process does not start: ended with exit code 1; its log "
        "ends: java.net.BindException: Could not start rest endpoint on any port in port range 8081"
    )
    assert flowing(lines[10]) == "Look at `fraudwatch logs flink`."
    assert flowing(lines[13]) == (
        "user mean 6 h count trend flags last seen▾ open 2023-03-04 12:00 → "
        "18:00 closes in 38 min of event time"
    )
    assert flowing(lines[14]) == (
        "-7911603569390985487 18.40 1 ▁ 2 03-04 17:22:10 No transactions for "
        "16 s; the watermark stands at 2023-03-04 17:21:52; 3 dropped as late"
    )
    assert not lines[2] and not lines[11]
    assert flowing(lines[12][:89]) == "─ 2 Users 180 as of 2 h 05 ago"
    assert flowing(lines[12][89:]) == "─ 3 Windows tumbling 9 as of 2 h 05 ago"
    assert flowing(lines[36][89:]) == "─ 4 Flagged 46 as of 2 h 05 ago"
