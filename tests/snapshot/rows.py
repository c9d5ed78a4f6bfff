"""A user-defined feature among the jobs, and its rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from pipeline.model.jobs import JobDetail
from pipeline.model.sinks import SinkColumn
from pipeline.text.words import counted
from tui.screens.rows.feature_table import FeatureTable
from tui.screens.rows.rows_screen import RowsScreen
from tui.streams.record_view import RecordView

from . import fakes
from .fake_source import FakeSource
from .fakes import JOBS, STATUS, FakeBackend
from .sample_rows import live_batch
from .stage import Stage
from .tails import FakeTails, record

COLUMNS = (
    SinkColumn("window_start", "timestamp", computed=False),
    SinkColumn("window_end", "timestamp", computed=False),
    SinkColumn("merchant", "string", computed=False),
    SinkColumn("spent", "float64", computed=True),
    SinkColumn("share_of_fraud", "float64", computed=True),
    SinkColumn("large", "boolean", computed=True),
    SinkColumn("n", "int64", computed=True),
)
DETAIL: JobDetail = replace(
    fakes.DETAIL,
    name="merchants",
    description="What customers have spent at each merchant in each hour.",
    topic="merchant_spend_last_60min",
    columns=COLUMNS,
)
MERCHANTS = replace(JOBS[0], name=DETAIL.name, topic=DETAIL.topic)


def feature_record(number: int, **changes: Any) -> RecordView:
    """One of a series of rows, the highest number written last."""
    values = {
        "window_start": f"2023-03-04 {number % 24:02}:00:00",
        "window_end": f"2023-03-04 {(number + 1) % 24:02}:00:00",
        "merchant": f"fraud_Koch {number}",
        "spent": 1_000 + 101.166667 * number if number != 3 else 1_303.5,
        "share_of_fraud": 0.0125 if number % 3 == 0 else 0,
        "large": number % 3 == 0,
        "n": 1_000 + number,
    }
    return record(number, msgspec.json.encode(values | changes), None, topic=DETAIL.topic)


@dataclass
class Backend(FakeBackend):
    """A fake stack with the job of the user's feature."""

    def job_detail(self, name: str) -> JobDetail:
        detail = super().job_detail(name)
        return DETAIL if name == DETAIL.name else detail


class RowsStage(Stage):
    """The console with one more job, whose topic has `count` rows.

    Args:
        count: Number of rows.
        folder: The folder of exports.
    """

    tails: FakeTails

    def __init__(self, count: int, *, folder: Path = Path()) -> None:
        tails = FakeTails({DETAIL.topic: [feature_record(number) for number in range(count)]})
        stack = replace(STATUS, jobs=(MERCHANTS, *JOBS))
        super().__init__(Backend(stack=stack), FakeSource(live_batch()), tails=tails, folder=folder)

    async def begin(self, pilot: Pilot[Any]) -> None:
        """Start the console and open the rows."""
        await self.live(pilot)
        await pilot.press("1", "v")
        await self.wait(pilot, lambda: isinstance(self.app.screen, RowsScreen))
        rows = len(self.tails.held[DETAIL.topic])
        await self.shows(pilot, counted(rows, "row"))

    def column(self, name: str) -> list[Any]:
        """The values of a column, from the top."""
        place = [column.name for column in COLUMNS].index(name)
        return [row.values[place] for row in self.app.screen.query_one(FeatureTable).rows]
