"""The window that closes next, and why it is still open."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from fraudwatch import source
from pipeline import features
from pipeline.model.jobs import JobMetrics
from pipeline.model.sinks import SinkColumn, WindowShape
from pipeline.sources import TRANSACTION
from tests.snapshot.fakes import JOBS, SINKS, STATUS, sink
from tests.snapshot.sample_rows import NOW
from tui.panels.catalogue import PANELS
from tui.panels.windows.next_window import OpenWindowLines
from tui.panels.windows.open_window import IDLE_SECONDS, open_window
from tui.session.view import JobLine, Phase, Reading, View
from tui.streams.event_clock import EventTime, Partition
from tui.streams.snapshot import Snapshot
from tui.streams.store import Store
from tui.table.query import Page, Query

NEWEST = datetime(2023, 3, 4, 17, 22, 10)


def view(
    *partitions: Partition,
    kind: str = "tumbling",
    speed: float | None = 720.0,
    metrics: JobMetrics | None = None,
) -> View:
    return View(
        NOW,
        "local",
        Phase.LIVE,
        NOW,
        reading=Reading(STATUS, NOW),
        jobs=tuple(JobLine(job, metrics) for job in JOBS),
        data=Snapshot(
            {"windows": Page(query=Query(feature=kind))},
            windows={sink.feature: sink.windows for sink in SINKS if sink.windows},
            event_times={"transaction": EventTime(NEWEST, speed, tuple(partitions))},
        ),
    )


def partition(number: int, behind: int = 0, silent: float = 0.0) -> Partition:
    return Partition(number, NEWEST - timedelta(seconds=behind), NOW - silent)


def said(shown: View) -> str:
    lines = OpenWindowLines().lines(shown, 200)
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in lines)


def test_the_samples_and_the_idle_time_are_those_of_the_pipeline() -> None:
    windows = {each.name: each.sink.windows for each in features.BUILT_IN}
    assert windows == {sink.feature: sink.windows for sink in SINKS}
    assert TRANSACTION.idle.total_seconds() == IDLE_SECONDS


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        ("tumbling", datetime(2023, 3, 4, 12), datetime(2023, 3, 4, 18)),
        ("hopping", datetime(2023, 3, 4, 12), datetime(2023, 3, 4, 18)),
        ("cumulating", datetime(2023, 3, 4), datetime(2023, 3, 4, 18)),
    ],
)
def test_the_window_that_closes_next(kind: str, start: datetime, end: datetime) -> None:
    window = open_window(view(partition(0), kind=kind))
    assert window is not None
    assert (window.start, window.end) == (start, end)
    assert window.missing == end - (NEWEST - timedelta(seconds=15))
    assert window.seconds == window.missing.total_seconds() / 720


def test_a_day_that_ends_is_still_that_day() -> None:
    shown = view(partition(0), kind="cumulating")
    late = datetime(2023, 3, 4, 23, 30)
    time = EventTime(late, None, (Partition(0, late, NOW),))
    window = open_window(
        replace(shown, data=replace(shown.data, event_times={"transaction": time}))
    )
    assert window is not None
    assert (window.start, window.end) == (datetime(2023, 3, 4), datetime(2023, 3, 5))
    assert window.seconds is None


def test_before_the_first_transaction_nothing_is_open() -> None:
    assert open_window(view()) is None
    assert said(view()) == "\n"


def test_the_slowest_partition_holds_the_watermark_back() -> None:
    assert said(view(partition(0), partition(1, behind=1_320, silent=4.0), partition(2))) == (
        "open 2023-03-04 12:00 → 18:00  closes in 1 h 00 of event time, in about 5 s\n"
        "watermark 2023-03-04 16:59:55, held back by partition 1"
        " (silent for 4 s, left out after 10 s)"
    )


def test_an_idle_partition_is_left_out() -> None:
    shown = view(partition(0), partition(1, behind=99_999, silent=11.0))
    assert said(shown).endswith(
        "watermark 2023-03-04 17:21:55, held back by partition 0; left out as idle: 1"
    )


def test_silence_of_all_stops_the_watermark() -> None:
    shown = view(partition(0, silent=75.0), partition(1, silent=80.0), speed=None)
    assert said(shown) == (
        "open 2023-03-04 12:00 → 18:00  closes in 38 min of event time\n"
        "No transactions for 1 min; the watermark stands at 2023-03-04 17:21:55"
    )


def test_flinks_metrics_override_the_consoles_estimate() -> None:
    metrics = JobMetrics(watermark=datetime(2023, 3, 4, 11, 59), late=12)
    shown = view(partition(0), metrics=metrics)
    assert "open 2023-03-04 06:00 → 12:00  closes in 1 min" in said(shown)
    assert said(shown).endswith("; 12 dropped as late")


def own_view(*partitions: Partition) -> View:
    """Windows of a stream of the user's own beside the tutorial's, which is at another time."""
    payments = source(
        topic="payments",
        schema={"at": "timestamp(3)", "account": "string"},
        time="at",
        watermark="2min",
        idle="1min",
    )
    hourly = sink(
        "hourly",
        "own_hourly",
        SinkColumn("window_start", "timestamp", computed=False),
        SinkColumn("window_end", "timestamp", computed=False),
        SinkColumn("n", "int64", computed=True),
        windows=WindowShape(timedelta(hours=1), timedelta(hours=1)),
    )
    store = Store(
        PANELS, lambda: NOW, None, [*SINKS, replace(hourly, source="payments")], [payments]
    )
    store.queries = {"windows": Query(feature="hourly")}
    shown = view(partition(0, behind=86_400))
    times = {**shown.data.event_times, "payments": EventTime(NEWEST, 60.0, partitions)}
    return replace(shown, data=replace(store.snapshot(), event_times=times))


def test_the_open_window_of_a_stream_of_ones_own_follows_its_declaration() -> None:
    shown = own_view(partition(0), partition(1, behind=600, silent=30))
    # Within a minute of silence, the partition still holds the watermark back.
    assert said(shown).splitlines() == [
        "open 2023-03-04 17:00 → 18:00  closes in 49 min of event time, in about 49 s",
        "watermark 2023-03-04 17:10:10, held back by partition 1 "
        "(silent for 30 s, left out after 1 min)",
    ]
    silent = own_view(partition(0, silent=90), partition(1, behind=600, silent=90))
    assert "No records for 1 min; the watermark stands at" in said(silent)
