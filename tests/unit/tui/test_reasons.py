from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from pipeline.model.jobs import JobState
from pipeline.model.simulator import SimulatorStatus
from pipeline.model.stack import Health
from tests.snapshot.fakes import JOBS, SINKS, STATUS
from tests.snapshot.sample_rows import NOW
from tui.drawing.tones import Piece, Tone
from tui.panels.flagged.flagged_table import why_no_flagged
from tui.panels.jobs.jobs_table import why_no_jobs
from tui.panels.users.users_table import why_no_users
from tui.panels.windows.windows_table import why_no_windows
from tui.session.view import JobLine, Phase, Reading, View
from tui.streams.event_clock import EventTime, Partition
from tui.streams.problem import Problem
from tui.streams.quarantined import BadRow, Quarantine
from tui.streams.record_view import RecordView
from tui.streams.snapshot import Snapshot
from tui.table.filter import parse
from tui.table.query import Page, Query

NEWEST = datetime(2023, 3, 4, 17, 22)
TIME = EventTime(NEWEST, 720.0, (Partition(0, NEWEST, NOW),))
LIVE = View(
    NOW,
    "local",
    Phase.LIVE,
    NOW,
    reading=Reading(STATUS, NOW),
    jobs=tuple(JobLine(job) for job in JOBS),
    data=Snapshot(
        event_times={"transaction": TIME},
        transactions_total=1_234,
        windows={sink.feature: sink.windows for sink in SINKS if sink.windows},
    ),
)

INVALID = Quarantine(
    rows=(
        BadRow(
            RecordView("transaction", 0, 7, 0, None, b"{}"),
            "wrong type",
            "amt is lots, not a number",
        ),
    ),
    kinds=(("wrong type", 1_000),),
    total=1_000,
)


def job(number: int, state: JobState) -> View:
    lines = list(LIVE.jobs)
    lines[number] = JobLine(replace(JOBS[number], state=state))
    return replace(LIVE, jobs=tuple(lines))


@pytest.mark.parametrize(
    ("reason", "said", "tone"),
    [
        (why_no_users(LIVE), "watermark", Tone.WAITS),
        (why_no_windows(LIVE), "closes 15 s of event time after 2023-03-04 18:00", Tone.WAITS),
        (why_no_flagged(LIVE), "None of 1,234 transactions is flagged", Tone.WAITS),
        (why_no_users(job(0, JobState.STOPPED)), "The job rolling is stopped", Tone.WAITS),
        (why_no_windows(job(1, JobState.FAILED)), "The job tumbling has failed", Tone.DANGER),
        (why_no_flagged(job(2, JobState.RESTARTING)), "The job flagged is restarting", Tone.WAITS),
        (
            why_no_users(job(0, JobState.STARTING)),
            "The job rolling is starting; 1,234 transactions so far.",
            Tone.WAITS,
        ),
        (
            why_no_users(
                replace(
                    LIVE,
                    phase=Phase.STARTING,
                    reading=Reading(replace(STATUS, kafka=Health.STARTING), NOW),
                )
            ),
            "Waiting for Kafka.",
            Tone.WAITS,
        ),
        (why_no_users(replace(LIVE, data=Snapshot())), "No transactions yet.", Tone.WAITS),
        (
            why_no_users(replace(LIVE, data=Snapshot(quarantine=INVALID))),
            "All 1,000 records so far are invalid: amt is lots, not a number. b lists them.",
            Tone.DANGER,
        ),
        (
            why_no_users(
                replace(
                    LIVE,
                    data=Snapshot(),
                    reading=Reading(replace(STATUS, simulator=SimulatorStatus()), NOW),
                )
            ),
            "the simulator is off",
            Tone.WAITS,
        ),
        (
            why_no_users(replace(LIVE, data=Snapshot(error="timed out"))),
            "Kafka is not reachable: timed out.",
            Tone.DANGER,
        ),
        (
            why_no_users(replace(LIVE, reading=Reading(replace(STATUS, kafka=Health.DOWN), NOW))),
            "Kafka is not reachable.",
            Tone.DANGER,
        ),
        (
            why_no_users(
                replace(
                    LIVE,
                    data=Snapshot({"users": Page(total=1_500, query=Query(filter=parse("olson")))}),
                )
            ),
            "None of 1,500 users matches olson; esc shows all.",
            Tone.WAITS,
        ),
        (why_no_jobs(LIVE), "Waiting for the first status from Flink", Tone.WAITS),
        (
            why_no_jobs(replace(LIVE, reading=Reading(problem=Problem("Flink is away.")))),
            "Flink is away.",
            Tone.DANGER,
        ),
    ],
)
def test_an_empty_table_says_why(reason: Sequence[Piece], said: str, tone: Tone) -> None:
    (piece,) = reason
    assert said in piece.text
    assert piece.tone is tone


def test_the_job_is_found_where_topics_have_a_prefix() -> None:
    stopped = [
        JobLine(replace(each, state=JobState.STOPPED, topic=f"team.{each.topic}")) for each in JOBS
    ]
    view = replace(LIVE, jobs=tuple(stopped))
    for why, name in [(why_no_users, "rolling"), (why_no_windows, "tumbling")]:
        assert f"The job {name} is stopped" in "".join(piece.text for piece in why(view))
