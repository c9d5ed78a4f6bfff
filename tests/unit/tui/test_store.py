from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from tests.snapshot.fakes import (
    EVENT_TIME,
    NOW,
    Clock,
    flagged,
    live_batch,
    rolling,
    transaction,
    user,
    window_row,
)
from tui.source import Batch
from tui.store import Limits, Store

SMALL = Limits(users=10, windows=3, users_per_window=4, flagged=5, shown=4)


def test_users_are_sorted_by_event_time_and_bounded() -> None:
    store = Store(Clock(), SMALL)
    store.apply(Batch(rolling=[rolling(number) for number in range(50)]))
    snapshot = store.snapshot()
    assert snapshot.users_total == 10
    assert snapshot.users_truncated
    assert [row.user_id for row in snapshot.users] == [user(number) for number in range(40, 44)]


def test_a_user_who_is_heard_of_again_is_kept() -> None:
    store = Store(Clock(), SMALL)
    store.apply(Batch(rolling=[rolling(number) for number in range(10)]))
    store.apply(Batch(rolling=[rolling(0, user_trans_count_last_360min=99)]))
    store.apply(Batch(rolling=[rolling(10)]))
    first = store.snapshot().users[0]
    assert (first.user_id, first.count) == (user(0), 99)


def test_an_older_row_does_not_replace_a_newer_one() -> None:
    store = Store(Clock())
    store.apply(Batch(rolling=[rolling(0)]))
    older = rolling(
        0, trans_date_trans_time=EVENT_TIME - timedelta(hours=1), user_trans_count_last_360min=99
    )
    store.apply(Batch(rolling=[older]))
    assert store.snapshot().users[0].count == rolling(0).user_trans_count_last_360min


def test_windows_are_newest_first_with_totals_and_bounded() -> None:
    store = Store(Clock(), SMALL)
    rows = [window_row(window, number) for window in (4, 2, 0, 3, 1) for number in range(6)]
    store.apply(Batch(windows=rows))
    windows = store.snapshot().windows
    assert [window.end for window in windows] == sorted(
        (window_row(number, 0).window_end for number in range(3)), reverse=True
    )
    assert windows[0].users == 4
    assert windows[0].truncated
    kept = rows[12:16]
    assert windows[0].count == sum(row.user_trans_count_last_360min for row in kept)
    means = [shown.mean for shown in windows[0].top]
    assert means == sorted(means, reverse=True)


def test_duplicates_change_nothing() -> None:
    once, again = Store(Clock()), Store(Clock())
    batch = live_batch()
    once.apply(batch)
    again.apply(batch)
    again.apply(replace(batch, transactions=()))
    assert again.snapshot() == once.snapshot()


def test_a_transaction_flagged_twice_under_other_offsets_counts_once() -> None:
    store = Store(Clock())
    store.apply(Batch(rolling=[rolling(0)], flagged=[flagged(0)]))
    store.apply(Batch(flagged=[replace(flagged(0), offset=9_999)]))
    snapshot = store.snapshot()
    assert snapshot.flagged_total == 1
    assert snapshot.users[0].flags == 1


def test_transactions_with_one_number_are_still_two() -> None:
    store = Store(Clock())
    store.apply(Batch(flagged=[flagged(0), flagged(0, amt=1.0)]))
    assert store.snapshot().flagged_total == 2


def test_flagged_are_newest_first_and_bounded() -> None:
    store = Store(Clock(), SMALL)
    store.apply(Batch(flagged=[flagged(number) for number in range(20)]))
    snapshot = store.snapshot()
    assert [row.offset for row in snapshot.flagged] == [flagged(n).offset for n in (19, 18, 17, 16)]
    assert snapshot.flagged_total == 20


def test_rate_counts_whole_seconds_and_leaves_out_the_past() -> None:
    clock = Clock()
    store = Store(clock)
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
    store = Store(Clock())
    store.apply(Batch(transactions=[transaction(0)]))
    store.apply(Batch(transactions=[transaction(7)]))
    assert store.snapshot().event_time == EVENT_TIME


def test_an_error_has_a_beginning_and_an_end_and_loses_nothing() -> None:
    clock = Clock()
    store = Store(clock)
    store.apply(live_batch())
    clock.now += 3
    store.fail("gone")
    clock.now += 3
    store.apply(Batch(error="gone"))
    snapshot = store.snapshot()
    assert (snapshot.error, snapshot.error_at) == ("gone", NOW + 3)
    assert len(snapshot.users) == 180
    assert snapshot.last_record_at == NOW
    store.apply(Batch())
    assert store.snapshot().error_at is None


def test_emptied_topics_empty_the_store() -> None:
    store = Store(Clock())
    store.apply(live_batch())
    assert store.snapshot().users_total == 180
    store.apply(Batch(anew=True, transactions=[transaction(7)], rolling=[rolling(3)]))
    snapshot = store.snapshot()
    assert (snapshot.users_total, snapshot.transactions_total) == (1, 1)
    assert (snapshot.windows, snapshot.flagged, snapshot.flagged_total) == ((), (), 0)
