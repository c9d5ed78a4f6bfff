from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraudwatch import source
from pipeline.sources import TRANSACTION
from tests.snapshot.fakes import Clock
from tests.snapshot.sample_rows import (
    EVENT_TIME,
    NOW,
    batch_of,
    flagged,
    live_batch,
    rolling,
    transaction,
    user,
    window_row,
)
from tui.panels.catalogue import PANELS
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.users.user_row import USER_COLUMNS, UserRow
from tui.panels.users.users_panel import USERS
from tui.panels.windows.windows_panel import WINDOWS
from tui.streams.limits import StreamLimits
from tui.streams.sink_topics import FLAGGED, ROLLING
from tui.streams.source import Batch, Extent
from tui.streams.store import Store
from tui.table.filter import parse
from tui.table.query import Page, Query, select

SMALL = StreamLimits(users=10, windows=3, window_rows=12, flagged=5, shown=4)


def test_users_are_sorted_by_event_time_and_bounded() -> None:
    store = Store(PANELS, Clock(), SMALL)
    store.apply(batch_of(rolling=[rolling(number) for number in range(50)]))
    snapshot = store.snapshot()
    assert snapshot.of(USERS).total == 10
    assert snapshot.of(USERS).truncated
    assert [row.user_id for row in snapshot.of(USERS).rows] == [
        user(number) for number in range(40, 44)
    ]


def test_a_user_with_a_new_row_is_not_dropped() -> None:
    store = Store(PANELS, Clock(), SMALL)
    store.apply(batch_of(rolling=[rolling(number) for number in range(10)]))
    store.apply(batch_of(rolling=[rolling(0, user_trans_count_last_360min=99)]))
    store.apply(batch_of(rolling=[rolling(10)]))
    first = store.snapshot().of(USERS).rows[0]
    assert (first.user_id, first.count) == (user(0), 99)


def test_an_older_row_does_not_replace_a_newer_one() -> None:
    store = Store(PANELS, Clock())
    store.apply(batch_of(rolling=[rolling(0)]))
    older = rolling(
        0, trans_date_trans_time=EVENT_TIME - timedelta(hours=1), user_trans_count_last_360min=99
    )
    store.apply(batch_of(rolling=[older]))
    assert store.snapshot().of(USERS).rows[0].count == rolling(0).user_trans_count_last_360min


def test_windows_are_newest_first_with_totals_and_bounded() -> None:
    store = Store(PANELS, Clock(), SMALL)
    rows = [window_row(window, number) for window in (4, 2, 0, 3, 1) for number in range(6)]
    store.apply(batch_of(windows={"tumbling": rows}))
    page = store.snapshot().of(WINDOWS)
    assert page.total == 3
    assert [window.end for window in page.rows] == sorted(
        (window_row(number, 0).window_end for number in range(3)), reverse=True
    )
    newest = page.rows[0]
    bounded = rows[12:18]
    assert (newest.users, newest.matched, newest.truncated) == (6, 6, False)
    assert newest.count == sum(row.count for row in bounded)
    amounts = (row.mean * row.count for row in bounded)
    assert newest.amount == pytest.approx(sum(amounts))
    means = [shown.mean for shown in newest.top]
    assert means == sorted(means, reverse=True)


def test_old_windows_keep_their_totals_when_rows_are_too_many() -> None:
    store = Store(PANELS, Clock(), SMALL)
    rows = [window_row(window, number) for window in range(3) for number in range(6)]
    unbounded = Store(PANELS, Clock())
    for each in (store, unbounded):
        each.apply(batch_of(windows={"tumbling": rows}))
    bounded, whole = store.snapshot().of(WINDOWS).rows, unbounded.snapshot().of(WINDOWS).rows
    assert [window.truncated for window in bounded] == [False, True, True]
    assert [replace(window, truncated=False) for window in bounded] == list(whole)
    store.apply(batch_of(windows={"tumbling": rows[-6:]}))
    assert store.snapshot().of(WINDOWS).rows == bounded


def test_windows_of_another_kind_are_shown_when_asked_for() -> None:
    store = Store(PANELS, Clock())
    store.apply(batch_of(windows={"hopping": [window_row(0, 0)], "tumbling": [window_row(3, 0)]}))
    store.queries = {"windows": Query(feature="hopping")}
    (window,) = store.snapshot().of(WINDOWS).rows
    assert window.end == window_row(0, 0).window_end


def test_fraud_share_is_only_shown_for_windows_that_were_read_completely() -> None:
    start = window_row(0, 0).window_start
    rows = [
        transaction(number, trans_date_trans_time=start + timedelta(minutes=20 * number))
        for number in range(6)
    ]
    rows.append(transaction(9, trans_date_trans_time=start + timedelta(minutes=5), is_fraud=0))
    window = batch_of(windows={"tumbling": [window_row(0, number) for number in range(3)]})
    for first_offset, fraud in ((0, 6), (17, None)):
        store = Store(PANELS, Clock())
        oldest = start + timedelta(minutes=1)
        extents = {"transaction": {0: Extent(first_offset, oldest, rows[-1].trans_date_trans_time)}}
        store.apply(Batch(transactions=rows, extents=extents))
        store.apply(window)
        (summary,) = store.snapshot().of(WINDOWS).rows
        assert summary.fraud == fraud


def test_duplicates_change_nothing_but_what_was_consumed() -> None:
    once, again = Store(PANELS, Clock()), Store(PANELS, Clock())
    batch = live_batch()
    once.apply(batch)
    again.apply(batch)
    again.apply(replace(batch, transactions=()))
    first, second = once.snapshot(), again.snapshot()
    assert second.consumed["rolling"] == 2 * first.consumed["rolling"] > 0
    assert second.consumed["transaction"] == first.consumed["transaction"]
    assert replace(second, consumed=first.consumed) == first


def test_a_transaction_flagged_twice_under_other_offsets_counts_once() -> None:
    store = Store(PANELS, Clock())
    store.apply(batch_of(rolling=[rolling(0)], flagged=[flagged(0)]))
    row = flagged(0)
    again = replace(row, record=replace(row.record, offset=9_999))
    store.apply(batch_of(flagged=[again]))
    snapshot = store.snapshot()
    assert snapshot.seen["flagged"] == 1
    assert snapshot.of(USERS).rows[0].flags == 1


def test_transactions_with_one_number_are_still_two() -> None:
    store = Store(PANELS, Clock())
    store.apply(batch_of(flagged=[flagged(0), flagged(0, amt=1.0)]))
    assert store.snapshot().seen["flagged"] == 2


def test_flagged_are_newest_first_and_bounded() -> None:
    store = Store(PANELS, Clock(), SMALL)
    store.apply(batch_of(flagged=[flagged(number) for number in range(20)]))
    snapshot = store.snapshot()
    assert [row.place for row in snapshot.of(FLAGGED_PANEL).rows] == [
        (flagged(n).record.partition, flagged(n).record.offset) for n in (19, 18, 17, 16)
    ]
    assert snapshot.seen["flagged"] == 20


def test_rate_counts_whole_seconds_and_leaves_out_the_past() -> None:
    clock = Clock()
    store = Store(PANELS, clock)
    some = [transaction(number) for number in range(50)]
    store.apply(Batch(transactions=some * 100, past=True))
    assert store.snapshot().rate == 0
    for _ in range(10):
        store.apply(Batch(transactions=some))
        clock.now += 1
    snapshot = store.snapshot()
    assert snapshot.rate == 50
    assert snapshot.transactions_total == 5_500
    clock.now += 60
    assert store.snapshot().rate == 0


def test_event_time_never_goes_back() -> None:
    clock = Clock()
    store = Store(PANELS, clock)
    for minutes in (0, -7, 3):
        time = EVENT_TIME + timedelta(minutes=minutes)
        store.apply(Batch(extents={"transaction": {minutes % 2: Extent(0, time, time)}}))
        clock.now += 1
    state = store.snapshot().event_time
    assert state.newest == EVENT_TIME + timedelta(minutes=3)
    assert [each.newest for each in state.partitions] == [EVENT_TIME, state.newest]
    assert state.speed == 90


def test_each_source_has_an_event_time_of_its_own() -> None:
    clock = Clock()
    payments, visits = (
        source(topic=topic, schema={"at": "timestamp(3)"}, time="at") for topic in ("p", "v")
    )
    store = Store(PANELS, clock, None, (), (TRANSACTION, payments, visits))
    later = EVENT_TIME + timedelta(days=1)
    own = SimpleNamespace(at=later)
    store.apply(Batch(others={"p": [own] * 7}, extents={"p": {0: Extent(0, later, later)}}))
    clock.now += 1
    store.apply(Batch(others={"p": [own] * 3}))
    data = store.snapshot()
    # That of the only source with records, whichever it is.
    assert (data.event_time.newest, data.rate > 0) == (later, True)
    store.apply(Batch(extents={"v": {0: Extent(0, EVENT_TIME, EVENT_TIME)}}))
    assert store.snapshot().event_time.newest is None
    store.apply(Batch(extents={"transaction": {0: Extent(0, EVENT_TIME, EVENT_TIME)}}))
    data = store.snapshot()
    assert (data.event_time.newest, data.event_time_of("p").newest) == (EVENT_TIME, later)


def test_an_error_has_a_beginning_and_an_end_and_loses_nothing() -> None:
    clock = Clock()
    store = Store(PANELS, clock)
    store.apply(live_batch())
    clock.now += 3
    store.fail("gone")
    clock.now += 3
    store.apply(Batch(error="gone"))
    snapshot = store.snapshot()
    assert (snapshot.error, snapshot.error_at) == ("gone", NOW + 3)
    assert len(snapshot.of(USERS).rows) == 180
    assert snapshot.last_record_at == NOW
    store.apply(Batch())
    assert store.snapshot().error_at is None


def test_what_was_there_before_is_as_old_as_it_says() -> None:
    store = Store(PANELS, Clock())
    written = {ROLLING.topic: NOW - 90, "transaction": NOW - 30}
    past = batch_of(rolling=[rolling(0)], transactions=[transaction(1)], written=written, past=True)
    store.apply(past)
    snapshot = store.snapshot()
    assert snapshot.last_record_at == NOW - 30
    assert snapshot.of(USERS).rows[0].updated_at == NOW - 90
    assert snapshot.written == written
    # Another topic with older records is read a moment later: this makes nothing older.
    store.apply(batch_of(flagged=[flagged(0)], written={FLAGGED.topic: NOW - 500}, past=True))
    assert store.snapshot().last_record_at == NOW - 30
    store.apply(replace(past, past=False))
    assert store.snapshot().last_record_at == NOW


def test_emptied_topics_empty_the_store() -> None:
    store = Store(PANELS, Clock())
    store.apply(live_batch())
    assert store.snapshot().of(USERS).total == 180
    store.apply(batch_of(recreated=True, transactions=[transaction(7)], rolling=[rolling(3)]))
    snapshot = store.snapshot()
    assert (snapshot.of(USERS).total, snapshot.transactions_total) == (1, 1)
    assert (
        snapshot.of(WINDOWS).rows,
        snapshot.of(FLAGGED_PANEL).rows,
        snapshot.seen["flagged"],
    ) == ((), (), 0)


def page(store: Store, text: str = "", sort: str = "", *, descending: bool = True) -> Page[UserRow]:
    store.queries = {"users": Query(sort, descending, parse(text))}
    return store.snapshot().of(USERS)


@given(
    st.sampled_from(list(USER_COLUMNS.kinds)),
    st.booleans(),
    st.sampled_from(
        ["", "count>5", "!count>5", "mean<=300 count>2", "user:-3", "kilback", "seen:17"]
    ),
    st.integers(1, 120),
)
def test_columns_answer_as_rows_would(sort: str, descending: bool, text: str, shown: int) -> None:
    store = Store(PANELS, Clock(), StreamLimits(shown=shown))
    batch = live_batch()
    store.apply(replace(batch, transactions=()))
    store.apply(replace(batch, sinks={}))
    everyone = Store(PANELS, Clock())
    everyone.apply(replace(batch, transactions=()))
    everyone.apply(replace(batch, sinks={}))
    expected = select(
        page(everyone).rows, Query(sort, descending, parse(text)), USER_COLUMNS, shown
    )
    answer = page(store, text, sort, descending=descending)
    assert (answer.matched, answer.total) == (expected.matched, expected.total)
    key = USER_COLUMNS.sort_key(sort)
    assert [key(row) for row in answer.rows] == [key(row) for row in expected.rows]


def test_a_user_has_the_last_amount_and_the_last_means() -> None:
    store = Store(PANELS, Clock())
    for minute in range(20):
        time = EVENT_TIME + timedelta(minutes=minute)
        row = rolling(0, trans_date_trans_time=time, user_mean_trans_amt_last_360min=float(minute))
        store.apply(batch_of(rolling=[row]))
    store.apply(Batch(transactions=[transaction(0, user_id=user(0), amt=9.5, merchant="m")]))
    (known,) = page(store).rows
    assert (known.amount, known.merchant) == (9.5, "m")
    assert known.trend == tuple(float(minute) for minute in range(10, 20))


@pytest.mark.parametrize("past", [False, True])
@pytest.mark.parametrize("flag_first", [False, True])
def test_a_flagged_transaction_gets_its_users_mean_at_its_time(
    past: bool, flag_first: bool
) -> None:
    store = Store(PANELS, Clock())
    flag = batch_of(flagged=[flagged(0, user_id=user(0), amt=500.0)], past=past)
    result = batch_of(rolling=[rolling(0, user_mean_trans_amt_last_360min=120.0)], past=past)
    later = rolling(0, trans_date_trans_time=EVENT_TIME + timedelta(minutes=5))
    for batch in (flag, result) if flag_first else (result, flag):
        store.apply(batch)
    store.apply(batch_of(rolling=[later]))
    (row,) = store.snapshot().of(FLAGGED_PANEL).rows
    assert (row.mean, row.distance) == (120.0, 380.0)


def test_a_filter_on_windows_finds_users_in_them() -> None:
    store = Store(PANELS, Clock())
    rows = [window_row(window, number) for window in range(2) for number in range(30)]
    store.apply(batch_of(windows={"tumbling": rows}))
    wanted = user(7)
    store.queries = {"windows": Query("mean", True, parse(f"user={wanted}"))}
    windows = store.snapshot().of(WINDOWS).rows
    assert [[each.user_id for each in window.top] for window in windows] == [[wanted], [wanted]]
    assert [(window.users, window.matched) for window in windows] == [(30, 1), (30, 1)]
