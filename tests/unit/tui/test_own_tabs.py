"""A user's own features: rolling ones are tabs of Users, windowed ones of Windows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
from textual.pilot import Pilot

from fraudwatch import source
from pipeline.kafka.records import Record
from pipeline.model.jobs import JobState, JobStatus
from pipeline.model.reading import Last
from pipeline.model.sinks import Sink, SinkColumn, WindowShape
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import SINKS, STATUS, Clock, FakeBackend, sink
from tests.snapshot.sample_rows import live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails
from tui.panels.catalogue import PANELS
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.users.users_panel import USERS
from tui.panels.windows.windows_panel import WINDOWS
from tui.screens.records.records_screen import RecordsScreen
from tui.screens.user.own_user_screen import OwnUserScreen
from tui.screens.user.own_user_tables import UserRecordsTable
from tui.screens.user.user_screen import UserScreen
from tui.streams.feature_rows import values
from tui.streams.kafka_source import decoded
from tui.streams.limits import StreamLimits
from tui.streams.own_history import OwnHistoryBatch, OwnRecord
from tui.streams.panel_state import sinks_of
from tui.streams.record_view import RecordView
from tui.streams.sink_topics import own_sinks
from tui.streams.source import Batch
from tui.streams.store import Store
from tui.table.filter import parse
from tui.table.query import Query

NOON = datetime(2023, 3, 4, 12)
HOUR = timedelta(hours=1)

TIME = SinkColumn("trans_date_trans_time", "timestamp(3)", computed=False)
USER = SinkColumn("user_id", "int64", computed=False)
START = SinkColumn("window_start", "timestamp", computed=False)
END = SinkColumn("window_end", "timestamp", computed=False)
SALES = SinkColumn("sales", "int64", computed=True)
HOURLY = WindowShape(HOUR, HOUR)

SPEND = sink(
    "spend",
    "own_spend",
    *(USER, TIME),
    SinkColumn("spent", "float64", computed=True),
    SinkColumn("many", "boolean", computed=True),
)
SHOPS = sink(
    "shops",
    "own_shops",
    *(START, END),
    SinkColumn("merchant", "string", computed=False),
    SALES,
    windows=HOURLY,
)
TOTAL = sink("total", "own_total", END, SALES, windows=HOURLY)
FILTERED = sink("filtered", "own_filtered", USER)
PAYMENTS = Sink(
    "payments",
    "own_payments",
    (
        SinkColumn("account", "string", computed=False),
        SinkColumn("booked_at", "timestamp(3)", computed=False),
        SinkColumn("spent", "decimal(20, 2)", computed=True),
    ),
    source="payments.v2",
    time="booked_at",
    user="account",
)
LARGE = sink("large", "own_large", USER, TIME, SinkColumn("amt", "float64", computed=False))
FEATURES = (*SINKS, SPEND, SHOPS, TOTAL, FILTERED, PAYMENTS, LARGE)


def spent(user: int, minute: int, amount: float) -> tuple[Any, ...]:
    return user, NOON + timedelta(minutes=minute), amount, amount > 100


def sold(hour: int, merchant: str, sales: int) -> tuple[Any, ...]:
    return NOON + hour * HOUR, NOON + (hour + 1) * HOUR, merchant, sales


OWN_ROWS = Batch(
    sinks={
        "spend": [spent(7, 1, 10.5), spent(8, 2, 250.0), spent(7, 3, 20.25)],
        "shops": [sold(0, "Olson", 3), sold(0, "Becker", 5), sold(1, "Olson", 1)],
        "total": [(NOON + HOUR, 8), (NOON + 2 * HOUR, 1)],
    }
)


def store_of(*batches: Batch, **limits: Any) -> Store:
    store = Store(PANELS, Clock(), StreamLimits(**limits), FEATURES)
    for batch in batches:
        store.apply(batch)
    return store


def test_only_panels_that_have_a_tab_for_it_read_a_feature() -> None:
    read = [sink.topic for sink in sinks_of(PANELS, own_sinks(FEATURES))]
    assert {"own_spend", "own_shops", "own_total"} <= set(read)
    assert "own_filtered" not in read
    data = store_of().snapshot()
    assert [tab.feature for tab in USERS.tabs_of(data)] == ["rolling", "spend", "payments"]
    assert [tab.feature for tab in WINDOWS.tabs_of(data)][3:] == ["shops", "total"]
    assert [tab.feature for tab in FLAGGED_PANEL.tabs_of(data)] == ["flagged", "large"]


def test_the_latest_row_of_each_user() -> None:
    store = store_of(OWN_ROWS, Batch(sinks={"spend": [spent(8, 0, 999.0)]}))
    store.queries = {USERS.name: Query(feature="spend")}
    page = store.snapshot().of(USERS)
    # The late row of user 8 changes nothing.
    assert [row.values for row in page.rows] == [spent(7, 3, 20.25), spent(8, 2, 250.0)]
    assert store.snapshot().of(USERS) is page
    store.queries = {USERS.name: Query("spent", feature="spend")}
    assert [row.user_id for row in store.snapshot().of(USERS).rows] == [8, 7]
    assert page.columns is not None
    only = parse("many:true", page.columns.kinds)
    store.queries = {USERS.name: Query(filter=only, feature="spend")}
    found = store.snapshot().of(USERS)
    assert ([row.user_id for row in found.rows], found.matched, found.total) == ([8], 1, 2)


def test_users_without_an_update_for_longest_are_dropped() -> None:
    rows = [spent(user, user, 1.0) for user in range(10)]
    store = store_of(Batch(sinks={"spend": [*rows, spent(0, 30, 2.0)]}), own_rows=9)
    store.queries = {USERS.name: Query(feature="spend")}
    page = store.snapshot().of(USERS)
    # User 0 was dropped by the tenth user, and came back in the place of user 1.
    assert [row.user_id for row in page.rows] == [0, 9, 8, 7, 6, 5, 4, 3, 2]
    assert page.truncated
    assert store.snapshot().buffered["spend"] == 9


def test_windows_with_their_rows() -> None:
    store = store_of(OWN_ROWS, Batch(sinks={"shops": [sold(0, "Olson", 4)]}))
    store.queries = {WINDOWS.name: Query(feature="shops")}
    page = store.snapshot().of(WINDOWS)
    assert [(window.end, window.total) for window in page.rows] == [
        (NOON + 2 * HOUR, 1),
        (NOON + HOUR, 2),
    ]
    # A row that is written again replaces the earlier one; by default the largest comes first.
    assert [row.values[2:] for row in page.rows[1].rows] == [("Becker", 5), ("Olson", 4)]
    store.queries = {WINDOWS.name: Query("merchant", descending=True, feature="shops")}
    assert [row.values[2] for row in store.snapshot().of(WINDOWS).rows[1].rows] == [
        "Olson",
        "Becker",
    ]
    only = parse("becker", page.columns.kinds if page.columns else {})
    store.queries = {WINDOWS.name: Query(filter=only, feature="shops")}
    (window,) = store.snapshot().of(WINDOWS).rows
    assert (window.matched, window.total) == (1, 2)


def test_the_oldest_windows_are_dropped() -> None:
    rows = [sold(hour, "Olson", hour) for hour in range(10)]
    store = store_of(Batch(sinks={"shops": rows}), windows=4)
    store.queries = {WINDOWS.name: Query(feature="shops")}
    page = store.snapshot().of(WINDOWS)
    assert [window.end.hour for window in page.rows] == [22, 21, 20, 19]
    assert page.truncated
    many = [sold(hour, f"shop {number}", 1) for hour in range(4) for number in range(6)]
    store = store_of(Batch(sinks={"shops": many}), own_rows=13)
    store.queries = {WINDOWS.name: Query(feature="shops")}
    assert [window.total for window in store.snapshot().of(WINDOWS).rows] == [6, 6]


def test_records_are_decoded_to_the_declared_columns() -> None:
    def record(data: bytes) -> Record:
        return Record("own_spend", 0, 1, 1_700_000_000_000, None, data)

    good = b'{"user_id":7,"trans_date_trans_time":"2023-03-04 12:01:00","spent":10,"many":"no"}'
    records = defaultdict(list, {"own_spend": [record(good), record(b"[]"), record(b"\xff")]})
    batch = decoded(
        records,
        own_sinks([SPEND]),
        lag=0,
        error="",
        recreated=False,
        past=False,
    )
    assert batch.sinks == {"spend": [(7, NOON + timedelta(minutes=1), 10.0, None)]}
    assert batch.bad == 2


def test_decimals_are_decoded_exactly() -> None:
    value = b'{"account":"a","booked_at":"2023-03-04 12:00:00","spent":90071992547409.93}'
    found = values(value, PAYMENTS.columns)
    assert found == ("a", NOON, Decimal("90071992547409.93"))
    assert values(b'{"spent":7}', PAYMENTS.columns) == (None, None, Decimal(7))


def picked(*rows: tuple[int, int, float]) -> Batch:
    """Records of the topic of `large`, decoded: users, minutes and amounts, by offset."""
    records = [
        Record(
            "own_large",
            0,
            offset,
            1_700_000_000_000,
            None,
            b'{"user_id":%d,"trans_date_trans_time":"2023-03-04 12:%02d:00","amt":%g}' % row,
        )
        for offset, row in enumerate(rows)
    ]
    by_topic = defaultdict(list, {"own_large": records})
    return decoded(by_topic, own_sinks([LARGE]), lag=0, error="", recreated=False, past=False)


def test_the_records_that_a_feature_picks() -> None:
    # The last two were written again by a job that was restarted.
    batch = picked((7, 1, 900.5), (8, 3, 5000.0), (9, 2, 700.0), (8, 3, 5000.0), (9, 2, 700.0))
    store = store_of(batch)
    store.queries = {FLAGGED_PANEL.name: Query("time", feature="large")}
    page = store.snapshot().of(FLAGGED_PANEL)
    assert [(row.values[0], row.record.offset) for row in page.rows] == [(8, 1), (9, 2), (7, 0)]
    assert store.snapshot().of(FLAGGED_PANEL) is page
    assert store.snapshot().seen["large"] == 3
    assert page.columns is not None
    only = parse("amt<1000", page.columns.kinds)
    store.queries = {FLAGGED_PANEL.name: Query("amt", filter=only, feature="large")}
    page = store.snapshot().of(FLAGGED_PANEL)
    assert [row.values[2] for row in page.rows] == [900.5, 700.0]
    assert (page.matched, page.total) == (2, 3)


def test_the_oldest_picked_records_are_dropped() -> None:
    store = store_of(picked(*((user, user, 1.0) for user in range(10))), flagged=4)
    store.queries = {FLAGGED_PANEL.name: Query(feature="large")}
    data = store.snapshot()
    assert [row.values[0] for row in data.of(FLAGGED_PANEL).rows] == [9, 8, 7, 6]
    assert (data.buffered["large"], data.seen["large"]) == (4, 10)


@asynccontextmanager
async def console(remembered: Path | None = None) -> AsyncIterator[tuple[Stage, Pilot[Any]]]:
    source = FakeSource(live_batch(), OWN_ROWS)
    stage = Stage(FakeBackend(features=FEATURES), source, remembered=remembered)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        yield stage, pilot


async def test_w_goes_through_the_features_of_users() -> None:
    async with console() as (stage, pilot):
        await stage.shows(pilot, "Users rolling 180")
        await pilot.press("2", "w")
        await stage.shows(pilot, "Users spend 2", "spent", "many", "250.00", "2023-03-04 12:02:00")
        await pilot.press("o")
        await stage.read(pilot)
        await pilot.press("slash", *"spent>100", "enter")
        await stage.shows(pilot, "1 of 2")
        assert "20.25" not in stage.screen_text()
        await pilot.press("enter")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, UserScreen))
        await pilot.press("escape", "w", "w")
        # Other columns: neither the filter nor the order apply to them.
        await stage.shows(pilot, "Users rolling 180", "trend")


async def test_the_records_that_a_feature_picks_are_a_tab_of_flagged(tmp_path: Path) -> None:
    source = FakeSource(live_batch(), picked((7, 1, 900.5), (8, 3, 5000.0)))
    stage = Stage(FakeBackend(features=FEATURES), source, folder=tmp_path)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        await pilot.press("4", "w")
        await stage.shows(pilot, "Flagged large 2", "amt", "5,000.00", "2023-03-04 12:03:00")
        # The record that a row was read from.
        await pilot.press("enter")
        await stage.shows(pilot, "own_large", '"amt": 5000')
        await pilot.press("escape", "E")
        await stage.shows(pilot, "Flagged, large")
        await pilot.press("enter")
        await stage.wait(pilot, lambda: any(tmp_path.glob("*.csv")))
        (file,) = tmp_path.glob("*.csv")
        assert file.read_text().splitlines() == [
            "user_id,trans_date_trans_time,amt",
            "8,2023-03-04T12:03:00,5000.0",
            "7,2023-03-04T12:01:00,900.5",
        ]
        await pilot.press("w")
        await stage.shows(pilot, "merchant", "category")


async def test_w_goes_through_the_windows_and_the_choice_is_remembered(tmp_path: Path) -> None:
    remembered = tmp_path / "console.json"
    async with console(remembered) as (stage, pilot):
        await pilot.press("3", "w", "w", "w")
        await stage.shows(
            pilot, "Windows shops 2", "2 rows", "1 row", "Becker", "open 2023-03-04 17:00"
        )
        await pilot.press("w")
        await stage.shows(pilot, "Windows total 2", "→ 2023-03-04 13:00:00")
    async with console(remembered) as (stage, pilot):
        await stage.shows(pilot, "Windows total 2")
        await pilot.press("w")
        await stage.shows(pilot, "Windows tumbling")
    # Without the file of features, the first kind is shown.
    stage = Stage(FakeBackend(), FakeSource(live_batch()), remembered=remembered)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        await stage.shows(pilot, "Windows tumbling")


async def test_frozen_rows_of_a_feature_can_be_sorted_and_exported(tmp_path: Path) -> None:
    source = FakeSource(live_batch(), OWN_ROWS)
    stage = Stage(FakeBackend(features=FEATURES), source, folder=tmp_path)
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        await pilot.press("2", "w")
        await stage.shows(pilot, "Users spend 2")
        await pilot.press("p", "slash", *"spent>100", "enter")
        await stage.shows(pilot, "1 of 2")
        await pilot.press("E")
        await stage.shows(pilot, "Users, spend")
        await pilot.press("enter")
        await stage.wait(pilot, lambda: any(tmp_path.glob("*.csv")))
        (file,) = tmp_path.glob("*.csv")
        assert file.read_text().splitlines() == [
            "user_id,trans_date_trans_time,spent,many",
            "8,2023-03-04T12:02:00,250.0,true",
        ]


def paid(account: str) -> RecordView:
    value = msgspec.json.encode({"account": account, "booked_at": "2023-03-04 12:00:00"})
    return RecordView("team.payments.v2", 0, 0, 1_700_000_000_000, None, value)


async def test_a_feature_of_another_stream() -> None:
    rows = [("DE07", NOON, Decimal("90071992547409.93")), ("FR01", NOON + HOUR, Decimal("12.10"))]
    job = JobStatus("payments", JobState.RUNNING, "own_payments", "p1")
    stream = source(
        topic="payments.v2",
        schema={"account": "string", "booked_at": "timestamp(3)"},
        time="booked_at",
        user="account",
    )
    backend = FakeBackend(
        features=(*SINKS, PAYMENTS), own=(stream,), stack=replace(STATUS, jobs=(job,))
    )
    # No transaction has come: what is empty does not wait for one.
    tails = FakeTails({"team.payments.v2": [paid("DE07"), paid("FR01"), paid("FR011")]})
    stage = Stage(backend, FakeSource(), tails=tails)
    columns = tuple(SinkColumn(name, dtype, computed=False) for name, dtype in stream.schema)
    mine = [OwnRecord(0, 0, ("FR01", NOON))]
    stage.own_history = [OwnHistoryBatch(columns=columns, records=mine, read=3, lag=0)]
    async with stage.app.run_test(size=(120, 40)) as pilot:
        await stage.live(pilot)
        await pilot.press("2")
        await stage.shows(pilot, "Users rolling 0", "No transactions yet")
        await pilot.press("w")
        await stage.shows(pilot, "Users payments 0", "No records in payments.v2 yet.")
        stage.source.batches.append(Batch(sinks={"payments": rows}))
        await stage.shows(pilot, "Users payments 2", "account", "DE07", "90,071,992,547,409.93")
        await pilot.press("slash", *"spent=12.1", "enter")
        await stage.shows(pilot, "1 of 2", "FR01")
        await pilot.press("enter")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, OwnUserScreen))
        await stage.shows(pilot, "account FR01 in payments.v2", "declares no amount and no label")
        await stage.wait(pilot, lambda: bool(stage.app.screen.query_one(UserRecordsTable).rows))
        await pilot.press("enter")
        await stage.wait(pilot, lambda: isinstance(stage.app.screen, RecordsScreen))
        await stage.shows(pilot, "team.payments.v2", "account=FR01", "1 match of 3")
        assert tails.opened == [("team.payments.v2", Last(100_000))]
