"""The plots of the user's own streams follow what their sources declare."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fraudwatch import source
from pipeline.model.sinks import SinkColumn
from pipeline.sources import Source
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import SINKS, FakeBackend, sink
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tui.panels.plots.plots_panel import PLOTS
from tui.panels.plots.series import Series
from tui.panels.plots.series_snapshot import PlottedStream, SeriesSnapshot
from tui.streams.source import Batch
from tui.table.query import Query

NOON = datetime(2024, 3, 1, 12)
NOW = 1_000.0
PAYMENTS = source(
    topic="payments.v2",
    schema={"at": "timestamp(3)", "account": "string", "paid": "decimal(12, 2)", "bad": "string"},
    time="at",
    user="account",
    amount="paid",
    label="bad",
)
VISITS = source(topic="visits", schema={"at": "timestamp(3)", "page": "string"}, time="at")
SPEND = replace(
    sink(
        "spend",
        "own_spend",
        SinkColumn("account", "string", computed=False),
        SinkColumn("at", "timestamp(3)", computed=False),
        SinkColumn("spent", "decimal(20, 2)", computed=True),
    ),
    source="payments.v2",
    time="at",
    user="account",
)


def paid(minute: int, amount: str | None, bad: str | None = None) -> Any:
    return SimpleNamespace(
        at=NOON + timedelta(minutes=minute),
        account="DE07",
        paid=None if amount is None else Decimal(amount),
        bad=bad,
    )


def series_of(stream: Source, *rows: Any) -> SeriesSnapshot:
    series = Series(stream)
    series.apply(Batch(others={stream.topic: rows}), NOW)
    return series.shown(Query(), NOW + 1)


ROWS = (paid(0, "10.00", "no"), paid(1, "900.00", "Yes"), paid(2, None), paid(3, "20.00", "N"))


def test_amounts_and_labels_are_those_that_the_source_declares() -> None:
    found = series_of(PAYMENTS, *ROWS)
    assert found.rates == (4,)
    assert found.amounts is not None
    assert (found.amounts.flagged_total, found.amounts.rest_total) == (1, 2)
    assert found.flagged is not None
    assert (found.flagged.start, found.flagged.counts) == (NOON + timedelta(minutes=1), (1, 0))
    assert found.stream.delay == timedelta(seconds=30)


def test_a_source_without_amount_and_label_says_so() -> None:
    found = series_of(VISITS, SimpleNamespace(at=NOON, page="/"))
    assert (found.rates, found.amounts, found.flagged) == ((1,), None, None)
    assert found.stream == PlottedStream(
        "visits",
        timedelta(seconds=30),
        "",
        "The source visits declares no amount.",
        "The source visits declares no label.",
    )


def test_sensitive_amounts_are_not_plotted() -> None:
    found = series_of(replace(PAYMENTS, sensitive=("paid",)), *ROWS)
    assert found.amounts is None
    assert found.stream.without_amounts == "paid is sensitive, so it is not plotted."


def stage(remembered: Path | None = None) -> Stage:
    batch = replace(
        live_batch(),
        others={"payments.v2": ROWS, "visits": [SimpleNamespace(at=NOON, page="/")]},
        sinks={**live_batch().sinks, "spend": [("DE07", NOON, Decimal("10.00"))]},
    )
    backend = FakeBackend(features=(*SINKS, SPEND), own=(PAYMENTS, VISITS))
    return Stage(backend, FakeSource(batch), remembered=remembered)


async def test_w_goes_from_stream_to_stream_and_each_says_what_it_lacks() -> None:
    shown = stage()
    async with shown.app.run_test(size=(160, 50), notifications=True) as pilot:
        await shown.live(pilot)
        await pilot.press("5")
        await shown.shows(pilot, "5 Plots transaction", "Transactions/s")
        await pilot.press("w")
        await shown.pass_time(pilot, 2)
        await shown.shows(
            pilot,
            "5 Plots payments.v2",
            "payments.v2/s",
            "1 flagged",
            "2 others",
            "watermark 30 s  spend",
        )
        await pilot.press("w")
        await shown.pass_time(pilot, 2)
        await shown.shows(
            pilot,
            "5 Plots visits",
            "The source visits declares no amount.",
            "The source visits declares no label.",
            "No feature has a row for each of the records in visits.",
        )
        await pilot.press("w")
        await shown.shows(pilot, "5 Plots transaction")


async def test_the_header_counts_the_records_of_other_streams() -> None:
    shown = stage()
    async with shown.app.run_test(size=(160, 50)) as pilot:
        await shown.live(pilot)
        await shown.shows(pilot, "5 in 2 other topics")


async def test_the_chosen_stream_is_remembered(tmp_path: Path) -> None:
    remembered = tmp_path / "console.json"
    first = stage(remembered)
    async with first.app.run_test(size=(160, 50)) as pilot:
        await first.live(pilot)
        await pilot.press("5", "w")
        await first.wait(pilot, lambda: first.view.data.of(PLOTS).stream.topic == "payments.v2")
    first.app.preferences.close()
    again = stage(remembered)
    async with again.app.run_test(size=(160, 50)) as pilot:
        await again.live(pilot)
        await again.wait(pilot, lambda: again.view.data.of(PLOTS).stream.topic == "payments.v2")
