from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract import Transaction
from tests.idle import DEADLINE_SECONDS
from tests.snapshot import sample_rows
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import Clock
from tests.snapshot.sample_rows import EVENT_TIME, batch_of, rolling, transaction
from tui.panels.plots.amounts import BINS_PER_DECADE, AmountShares
from tui.panels.plots.flagged_rate import FlaggedBuckets, FlaggedRate
from tui.panels.plots.newest_time import NewestTime
from tui.panels.plots.plots_panel import PLOTS
from tui.panels.plots.series import of_transactions
from tui.streams.feed import Feed
from tui.streams.sink_topics import WithRecord
from tui.streams.source import Batch
from tui.streams.store import Store
from tui.streams.throughput import KEPT_SECONDS
from tui.table.query import Query

NOW = 1_000.0
ANY = Query()
HOSTILE_AMOUNTS = [math.nan, math.inf, -math.inf, -1.0, 0.0, 1e300, -1e300, 5e-324]


def some(count: int, **changes: object) -> list[Transaction]:
    return [transaction(number, **({"is_fraud": 0} | changes)) for number in range(count)]


def as_flagged(rows: Sequence[Transaction]) -> list[WithRecord[Transaction]]:
    return [sample_rows.as_flagged(row, 0, offset) for offset, row in enumerate(rows)]


def flagged_at(*times: datetime) -> list[WithRecord[Transaction]]:
    rows = enumerate(times)
    return as_flagged([transaction(n, trans_date_trans_time=at) for n, at in rows])


def at(event_time: datetime) -> Batch:
    """A stream that has reached this event time."""
    return Batch(transactions=some(1, trans_date_trans_time=event_time))


def test_rates_are_of_whole_seconds_and_silent_ones_count_as_none() -> None:
    series = of_transactions()
    series.apply(Batch(transactions=some(3)), NOW + 0.2)
    series.apply(Batch(transactions=some(4)), NOW + 0.9)
    series.apply(Batch(transactions=some(5)), NOW + 3.1)
    assert series.shown(ANY, NOW + 0.95).rates == ()
    assert series.shown(ANY, NOW + 3.9).rates == (7, 0, 0)
    assert series.shown(ANY, NOW + 5).rates == (7, 0, 0, 5, 0)


def test_old_records_count_for_neither_rate_nor_lag() -> None:
    series = of_transactions()
    series.apply(batch_of(transactions=some(9), rolling=[rolling(0)], past=True), NOW)
    snapshot = series.shown(ANY, NOW + 2)
    assert snapshot.rates == ()
    assert snapshot.lags == ()
    assert snapshot.amounts is not None
    assert snapshot.amounts.rest_total == 9


def test_two_minutes_are_buffered() -> None:
    series = of_transactions()
    for second in range(300):
        series.apply(Batch(transactions=some(second)), NOW + second)
    assert series.shown(ANY, NOW + 300).rates == tuple(range(300 - KEPT_SECONDS, 300))
    assert series.shown(ANY, NOW + 10_000).rates == (0,) * KEPT_SECONDS


def test_a_clock_that_is_set_back_restarts_the_series() -> None:
    series = of_transactions()
    series.apply(Batch(transactions=some(3)), NOW)
    series.apply(Batch(transactions=some(4)), NOW - 500)
    assert series.shown(ANY, NOW - 498).rates == (4, 0)


def test_the_lag_is_in_event_time_and_stays_until_there_is_another() -> None:
    series = of_transactions()
    newest = batch_of(
        transactions=some(1, trans_date_trans_time=EVENT_TIME),
        rolling=[rolling(0, trans_date_trans_time=EVENT_TIME - timedelta(seconds=20))],
    )
    series.apply(newest, NOW)
    series.apply(at(EVENT_TIME + timedelta(seconds=10)), NOW + 2)
    ahead = rolling(0, trans_date_trans_time=EVENT_TIME + timedelta(seconds=11))
    series.apply(batch_of(rolling=[ahead]), NOW + 3)
    assert series.shown(ANY, NOW + 5).lags == (20.0, 20.0, 30.0, 0.0, 0.0)


def test_lags_that_are_older_than_what_is_shown_still_hold() -> None:
    series = of_transactions()
    series.apply(
        batch_of(transactions=some(1, trans_date_trans_time=EVENT_TIME), rolling=[rolling(0)]), NOW
    )
    assert series.shown(ANY, NOW + 500).lags == (0.0,) * KEPT_SECONDS


def test_a_single_absurd_event_time_moves_nothing() -> None:
    series = of_transactions()
    for second in range(20):
        now = EVENT_TIME + timedelta(seconds=second)
        row = rolling(0, trans_date_trans_time=now - timedelta(seconds=15))
        series.apply(
            batch_of(transactions=some(5, trans_date_trans_time=now), rolling=[row]), NOW + second
        )
    for absurd in (datetime.max, datetime.min):
        series.apply(at(absurd), NOW + 20)
    assert series.shown(ANY, NOW + 21).lags[-1] == 15.0


def test_a_stream_that_goes_back_is_followed() -> None:
    clock = NewestTime()
    clock.add([EVENT_TIME] * 100)
    earlier = EVENT_TIME - timedelta(days=900)
    for second in range(40):
        clock.add([earlier + timedelta(seconds=second)])
    assert clock.newest == earlier + timedelta(seconds=39)


def test_zones_are_left_out() -> None:
    aware = datetime.fromisoformat("2023-03-04T17:22:10+00:00")
    clock = NewestTime()
    clock.add([aware])
    clock.add([aware, EVENT_TIME, aware])
    assert clock.newest == EVENT_TIME


@pytest.mark.parametrize(
    ("minutes", "width"),
    [(1, 1), (20, 5), (60, 60), (24 * 60, 24 * 60)],
    ids=["often", "every 20 min", "hourly", "daily"],
)
def test_buckets_fit_how_often_something_is_flagged(minutes: int, width: int) -> None:
    series = of_transactions()
    count = 300 if minutes == 1 else 45
    times = [EVENT_TIME + timedelta(minutes=minutes * number) for number in range(count)]
    series.apply(batch_of(flagged=flagged_at(*times)), NOW)
    series.apply(at(times[-1] + timedelta(minutes=minutes)), NOW)
    buckets = series.shown(ANY, NOW + 1).flagged
    assert buckets is not None
    assert 10 <= len(buckets.counts) <= 60
    # The rate is the same at every width.
    rates = [buckets.per_minute(number) for number in buckets.counts[1:-1]]
    assert sum(rates) / len(rates) == pytest.approx(1 / minutes, rel=0.15)
    assert buckets.width >= timedelta(minutes=width)


def test_the_bucket_that_is_not_over_is_left_out() -> None:
    series = of_transactions()
    start = EVENT_TIME.replace(second=0)
    series.apply(batch_of(flagged=flagged_at(start, start, start + timedelta(minutes=2))), NOW)
    series.apply(at(start + timedelta(minutes=2, seconds=5)), NOW)
    minute = timedelta(minutes=1)
    assert series.shown(ANY, NOW).flagged == FlaggedBuckets(start, minute, (2, 0))
    series.apply(at(start + timedelta(minutes=3)), NOW)
    assert series.shown(ANY, NOW).flagged == FlaggedBuckets(start, minute, (2, 0, 1))


def test_a_transaction_that_is_flagged_twice_counts_once() -> None:
    series = of_transactions()
    start = EVENT_TIME.replace(second=0)
    series.apply(batch_of(flagged=flagged_at(start)), NOW)
    series.apply(batch_of(flagged=flagged_at(start)), NOW)
    series.apply(at(start + timedelta(minutes=1)), NOW)
    buckets = series.shown(ANY, NOW).flagged
    assert buckets is not None
    assert buckets.counts == (1,)


def test_absurd_flagged_times_do_not_hide_the_others() -> None:
    series = of_transactions()
    start = EVENT_TIME.replace(second=0)
    absurd = [datetime.max, datetime.min, datetime(3000, 1, 1)]
    series.apply(batch_of(flagged=flagged_at(start, *absurd)), NOW)
    series.apply(at(start + timedelta(minutes=3)), NOW)
    buckets = series.shown(ANY, NOW).flagged
    assert buckets is not None
    assert buckets.counts == (1, 0, 0)


def test_amounts_are_shares_of_each_class() -> None:
    series = of_transactions()
    rows = [*some(3, amt=20.0), *some(1, amt=2_000.0), *some(2, amt=2_000.0, is_fraud=1)]
    series.apply(Batch(transactions=rows), NOW)
    shares = series.shown(ANY, NOW).amounts
    assert shares is not None
    assert (shares.rest_total, shares.flagged_total, shares.off_scale) == (4, 2, 0)
    assert shares.low == pytest.approx(1.25)
    assert len(shares.rest) == 2 * BINS_PER_DECADE + 1
    assert (shares.rest[0], shares.rest[-1]) == (75.0, 25.0)
    assert (shares.flagged[0], shares.flagged[-1]) == (0.0, 100.0)


def test_hostile_amounts_are_counted_but_in_no_bin() -> None:
    series = of_transactions()
    rows = [transaction(n, amt=amount) for n, amount in enumerate(HOSTILE_AMOUNTS)]
    series.apply(Batch(transactions=rows), NOW)
    assert series.shown(ANY, NOW).amounts is None
    series.apply(Batch(transactions=some(1, amt=5.0)), NOW)
    shares = series.shown(ANY, NOW).amounts
    assert shares is not None
    assert isinstance(shares, AmountShares)
    assert (shares.rest, shares.off_scale) == ((100.0,), len(HOSTILE_AMOUNTS))


def test_what_has_not_changed_is_the_same_object() -> None:
    series = of_transactions()
    series.apply(Batch(transactions=some(9)), NOW)
    first = series.shown(ANY, NOW + 1)
    series.apply(Batch(), NOW + 1.1)
    assert series.shown(ANY, NOW + 1.5) is first
    second = series.shown(ANY, NOW + 2)
    assert second is not first
    assert second.amounts is first.amounts
    assert second.rates != first.rates


def test_emptied_topics_restart_the_series() -> None:
    clock = Clock(NOW)
    store = Store([PLOTS], clock)
    store.apply(batch_of(transactions=some(9), flagged=flagged_at(EVENT_TIME)))
    clock.now = NOW + 5
    store.apply(Batch(recreated=True, transactions=some(2)))
    clock.now = NOW + 6
    snapshot = store.snapshot().of(PLOTS)
    assert snapshot.rates == (2,)
    assert snapshot.flagged is None
    assert snapshot.amounts is not None
    assert snapshot.amounts.rest_total == 2


times = st.datetimes() | st.sampled_from([datetime.min, datetime.max, EVENT_TIME])
rows = st.builds(
    lambda number, when, amount, fraud: transaction(
        number, trans_date_trans_time=when, amt=amount, is_fraud=fraud
    ),
    st.integers(0, 10_000),
    times,
    st.floats() | st.sampled_from(HOSTILE_AMOUNTS),
    st.sampled_from([0, 1, -1, 7, 2**62]),
)
batches = st.builds(
    lambda transactions, flagged, rolled, past, recreated: batch_of(
        transactions=transactions,
        flagged=as_flagged(flagged),
        rolling=[rolling(n, trans_date_trans_time=when) for n, when in enumerate(rolled)],
        past=past,
        recreated=recreated,
    ),
    st.lists(rows, max_size=20),
    st.lists(rows, max_size=20),
    st.lists(times, max_size=5),
    st.booleans(),
    st.integers(0, 9).map(lambda number: number == 0),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(batches, st.floats(0, 1e10)), max_size=20))
def test_whatever_comes_it_is_bounded(steps: list[tuple[Batch, float]]) -> None:
    clock = Clock()
    store = Store([PLOTS], clock)
    for batch, now in steps:
        clock.now = now
        store.apply(batch)
        clock.now = now + 1
        snapshot = store.snapshot().of(PLOTS)
        assert len(snapshot.rates) <= KEPT_SECONDS
        assert len(snapshot.lags) <= KEPT_SECONDS
        assert all(lag is None or (math.isfinite(lag) and lag >= 0) for lag in snapshot.lags)
        if snapshot.flagged is not None:
            assert 0 < len(snapshot.flagged.counts) <= 60
            assert sum(snapshot.flagged.counts) <= 400
        if snapshot.amounts is not None:
            for shares, total in (
                (snapshot.amounts.rest, snapshot.amounts.rest_total),
                (snapshot.amounts.flagged, snapshot.amounts.flagged_total),
            ):
                assert len(shares) <= 8 * BINS_PER_DECADE
                assert sum(shares) == pytest.approx(100 if total else 0)


def test_many_flagged_at_absurd_times_do_not_fill_it() -> None:
    rate = FlaggedRate()
    for part in range(20):
        absurd = [
            datetime(1 + (part * 499 + number * 7) % 9_998, 1, 1, number % 24)
            for number in range(1_500)
        ]
        rate.add(absurd, EVENT_TIME)
    assert all(0 < buckets <= 256 for buckets in rate.buckets_kept)


def test_snapshots_are_whole_while_the_feed_reads() -> None:
    class Endless(FakeSource):
        def poll(self) -> Batch:
            clock.now += 1
            return Batch(transactions=some(7))

    clock = Clock()
    store = Store([PLOTS], clock)
    published = [store.snapshot()]
    feed = Feed(Endless, store, published.append)
    feed.start()
    try:
        totals: set[int] = set()
        while len(totals) < 3:
            snapshot = published[-1].of(PLOTS)
            assert set(snapshot.rates) <= {7}
            if snapshot.amounts is not None:
                assert snapshot.amounts.rest_total % 7 == 0
                totals.add(snapshot.amounts.rest_total)
            feed.ask(lambda _: None).result(60)
    finally:
        feed.stop(DEADLINE_SECONDS)
