"""The panel Signals: alerts, what they are of, and the job that makes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from pipeline.model.sinks import Sink, SinkColumn
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import SINKS, Clock, FakeBackend
from tests.snapshot.sample_rows import EVENT_TIME, live_batch
from tests.snapshot.signals import RULES, backend, scored, scored_batch, signal_sink
from tests.snapshot.stage import Stage
from tui.panels.catalogue import PANELS
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.signals.signal_page import SignalPage
from tui.panels.signals.signals_panel import SIGNALS
from tui.panels.users.users_panel import USERS
from tui.panels.windows.windows_panel import WINDOWS
from tui.screens.user.user_screen import UserScreen
from tui.streams.limits import StreamLimits
from tui.streams.source import Batch
from tui.streams.store import Store
from tui.table.filter import parse
from tui.table.query import Query

PAID = Sink(
    "paid",
    "own_paid",
    (
        SinkColumn("account", "string", computed=False, hidden=True),
        SinkColumn("booked_at", "timestamp(3)", computed=False),
        SinkColumn("sum", "decimal(12, 2)", computed=False),
        SinkColumn("bad", "string", computed=False),
        SinkColumn("score", "float64", computed=True),
        SinkColumn("reasons", "string", computed=True),
    ),
    source="payments",
    time="booked_at",
    user="account",
    threshold=0.9,
    amount="sum",
    label="bad",
)


def store_of(*batches: Batch, features: tuple[Sink, ...] = (RULES,), **limits: Any) -> Store:
    store = Store(PANELS, Clock(), StreamLimits(**limits), (*SINKS, *features))
    for batch in batches:
        store.apply(batch)
    return store


def page_of(store: Store, query: Query = Query("time")) -> SignalPage:  # noqa: B008 - frozen
    store.queries = {SIGNALS.name: query}
    page = store.snapshot().of(SIGNALS)
    assert isinstance(page, SignalPage)
    return page


def test_a_signal_is_shown_nowhere_else() -> None:
    data = store_of().snapshot()
    assert [tab.feature for tab in SIGNALS.tabs_of(data)] == ["rules"]
    for panel in (USERS, WINDOWS, FLAGGED_PANEL):
        assert "rules" not in [tab.feature for tab in panel.tabs_of(data)]


def test_only_alerts_are_rows_and_repeated_ones_count_once() -> None:
    store = store_of(scored_batch(70))
    page = page_of(store)
    assert (page.alerts, page.scored, len(page.rows), page.total) == (10, 70, 10, 10)
    assert all(row.score >= 0.5 for row in page.rows)
    times = [row.time for row in page.rows]
    assert times == sorted(times, reverse=True)
    assert store.snapshot().of(SIGNALS) is page
    assert store.snapshot().seen["rules"] == 10
    only = parse("hour>20 amt>0", SIGNALS.columns_of(page).kinds)
    assert {row.values[4] for row in page_of(store, Query("score", filter=only)).rows} <= {
        21,
        22,
        23,
    }


def test_another_threshold_has_the_alerts_of_before() -> None:
    store = store_of(scored_batch(700))
    before = page_of(store)
    store.retune("rules", 0.3)
    after = page_of(store)
    assert before.alerts == 100 < after.alerts == sum(scored(n)[5] >= 0.3 for n in range(700))
    assert len(after.rows) == min(after.alerts, 500)
    assert after.quality is not None
    assert after.quality.threshold == 0.3
    assert SIGNALS.tab(store.snapshot()).threshold == 0.3
    assert store.snapshot().seen["rules"] == after.alerts


def test_memory_is_bounded() -> None:
    store = store_of(scored_batch(3_000), flagged=10, shown=5)
    page = page_of(store)
    assert page.truncated
    assert (len(page.rows), store.snapshot().buffered["rules"]) == (5, 100)
    assert page.scored == 3_000


def test_rows_without_a_time_or_a_score_are_no_records() -> None:
    rows = [scored(0, score=None), scored(1, trans_date_trans_time=None), scored(2, amt=None)]
    page = page_of(store_of(Batch(sinks={"rules": [*rows, scored(7, reasons=None)]})))
    assert (page.scored, page.alerts) == (2, 1)


def test_a_signal_of_another_stream() -> None:
    rows = [
        ("DE07", EVENT_TIME, Decimal("12.50"), "Yes", 0.95, "Why."),
        ("DE08", EVENT_TIME - timedelta(hours=3), Decimal("7.25"), "n", 0.9, "Why."),
        ("DE09", EVENT_TIME, Decimal(1), "unknown", 1.0, "Why."),
        ("DE10", EVENT_TIME, None, "y", 0.1, ""),
    ]
    store = store_of(Batch(sinks={"paid": rows}), features=(PAID,))
    page = page_of(store)
    assert [row.fraud for row in page.rows] == [True, None, False]
    assert page.quality is not None
    outcome = page.quality.everything.outcome(0.9)
    assert (outcome.caught, outcome.false_alerts, outcome.missed) == (1, 1, 1)
    assert (outcome.caught_amount, outcome.unlabelled) == (12.5, 1)
    columns = SIGNALS.columns_of(page)
    assert columns.values(page.rows[0])[1] == "••••"


def test_without_signals_there_is_a_panel_all_the_same() -> None:
    store = store_of(features=())
    assert page_of(store).rows == ()
    assert SIGNALS.tab(store.snapshot()).feature == "rules"


@asynccontextmanager
async def console(
    made: FakeBackend, *batches: Batch, size: tuple[int, int] = (120, 40), **options: Any
) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    stage = Stage(made, FakeSource(live_batch(), *batches), **options)
    async with stage.app.run_test(size=size, notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("7")
        await stage.settle(pilot)
        yield stage, pilot


async def test_the_alerts_of_each_signal() -> None:
    async with console(backend(), scored_batch()) as (stage, pilot):
        await stage.shows(
            pilot, "7 Signals rules 100 of 700", "Amount above 500.", "alert from 0.5"
        )
        await stage.shows(pilot, "when", "user", "amount", "score", "label", "reasons")
        await stage.shows(pilot, "fraud", "legit")
        await pilot.press("slash", *"score>0.9 fraud", "escape")
        await pilot.press("w")
        await stage.shows(pilot, "7 Signals model", "The signal model does not run; s starts it.")
        await pilot.press("w")
        await stage.shows(pilot, "7 Signals rules 100 of 700")
        await pilot.press("enter")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, UserScreen))


async def test_alerts_are_filtered_frozen_and_exported(tmp_path: Path) -> None:
    async with console(backend(), scored_batch(), folder=tmp_path) as (stage, pilot):
        await pilot.press("p", "slash", *"score>0.95 hour<12", "enter")
        await stage.shows(pilot, "of 100 · score>0.95 hour<12")
        stage.source.batches.append(Batch(sinks={"rules": [scored(0, amt=1.0)]}))
        await stage.live(pilot)
        # What is frozen keeps the figures of its moment.
        await stage.shows(pilot, "alert from 0.5", "of 100 ·")
        await pilot.press("E", "enter")
        await stage.wait(pilot, lambda: any(tmp_path.glob("*.csv")))
        (file,) = tmp_path.glob("*.csv")
        first, *rows = file.read_text().splitlines()
        assert first == "trans_date_trans_time,user_id,amt,score,is_fraud,reasons,hour"
        assert rows
        assert all(float(row.split(",")[3]) > 0.95 for row in rows)


async def test_a_signal_that_was_never_started_is_started_and_stopped_here() -> None:
    made = backend(runs=False)
    async with console(made) as (stage, pilot):
        await stage.shows(pilot, "The signal rules does not run; s starts it.", "3 of 3 running")
        made.gate.clear()
        await pilot.press("s")
        # It is in Jobs from the beginning of its start.
        await stage.shows(pilot, "◐ rules", "starting")
        made.gate.set()
        await stage.shows(pilot, "rules is running.", "4 of 4 running", "Nothing in fraud_signals")
        await pilot.press("x")
        await stage.shows(pilot, "rules has stopped; its state is saved.")
        assert made.calls == ["bring_up", "start rules", "stop rules"]


async def test_a_start_that_failed_can_be_seen() -> None:
    made = backend(runs=False, job_failure=RuntimeError("no slots"))
    async with console(made) as (stage, pilot):
        await pilot.press("s")
        await stage.shows(pilot, "rules", "no slots")
        made.job_failure = None
        await pilot.press("s")
        await stage.shows(pilot, "rules is running.")


async def test_no_alert_among_many_records() -> None:
    batch = Batch(sinks={"rules": [scored(1), scored(2)]})
    async with console(backend(), batch) as (stage, pilot):
        await stage.shows(
            pilot, "None of 2 scored records is an alert: none has a score of 0.5 or more."
        )


async def test_the_whole_width_is_for_signals() -> None:
    async with console(backend(), scored_batch(), size=(180, 50)) as (stage, pilot):
        await stage.shows(pilot, "7 Signals rules 100 of 700", "reasons")
        assert "difference" not in stage.screen_text()
        await pilot.press("2")
        await stage.shows(pilot, "difference")
        assert "reasons" not in stage.screen_text()


def test_what_others_have_stays() -> None:
    """A sink without a threshold is no signal, whatever its columns are."""
    feature = replace(signal_sink(), threshold=None)
    data = store_of(features=(feature,)).snapshot()
    assert SIGNALS.tabs_of(data) == ()
    assert "rules" in [tab.feature for tab in USERS.tabs_of(data)]
