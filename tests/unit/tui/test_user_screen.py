"""The screen of one user, and the thread that reads the history."""

from __future__ import annotations

import threading
from datetime import timedelta

from tests.snapshot.fake_source import FakeSource
from tests.snapshot.histories import history_batch
from tests.snapshot.sample_rows import EVENT_TIME, live_batch, rolling, transaction, window_row
from tests.snapshot.stage import Stage
from tests.snapshot.test_user import open_user
from tui.keymap import KEYMAP, Scope
from tui.panels.users.users_panel import USERS
from tui.screens.dashboard.dashboard import Dashboard
from tui.screens.user.user_screen import UserScreen
from tui.screens.user.user_tables import TransactionsTable
from tui.streams.history import MOST_ROWS, MOST_WINDOWS, HistoryBatch, HistoryState

from .test_robust import CONTROL, HOSTILE


def stage() -> Stage:
    return Stage(source=FakeSource(live_batch()))


async def test_every_key_of_the_scope_is_bound() -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 30)) as pilot:
        screen = await open_user(shown, pilot)
        active = {key: bound.binding.action for key, bound in screen.active_bindings.items()}
        for entry in KEYMAP:
            for key in entry.keys if entry.scope in (Scope.USER, Scope.APP) else ():
                assert active[key] == entry.action


async def test_neighbours_are_those_of_the_table_and_esc_goes_back() -> None:
    shown = stage()
    async with shown.app.run_test(size=(100, 30)) as pilot:
        await open_user(shown, pilot)
        users = [row.user_id for row in shown.view.data.of(USERS).rows]
        for key, place in (("greater_than_sign", 3), ("less_than_sign", 2), ("less_than_sign", 1)):
            await pilot.press(key)
            await pilot.pause()
            assert isinstance(shown.app.screen, UserScreen)
            assert shown.app.screen.user_id == users[place]
            await shown.shows(pilot, str(users[place]))
        await pilot.press("escape")
        assert isinstance(shown.app.screen, Dashboard)


async def test_the_screen_says_who_how_much_and_marks_what_is_flagged() -> None:
    shown = stage()
    async with shown.app.run_test(size=(120, 40), notifications=True) as pilot:
        screen = await open_user(shown, pilot, "y")
        said = shown.screen_text()
        assert "Jennifer Banks" in said
        assert "40 transactions" in said
        assert "3 flagged" in said
        assert said.count("⚑") == 2  # The third is further down.
        assert shown.app.clipboard == str(screen.user_id)
        table = screen.query_one(TransactionsTable)
        await pilot.press("j", "j")
        assert table.selected == screen.history.seen[2]


@HOSTILE
async def test_hostile_values_are_only_text(text: str) -> None:
    shown = stage()
    names = "merchant category first last zipcode dob trans_num"
    row = transaction(0, **dict.fromkeys(names.split(), text))
    shown.history = [HistoryBatch(transactions=[row], read=1, lag=0)]
    async with shown.app.run_test(size=(120, 40)) as pilot:
        await open_user(shown, pilot)
        assert not CONTROL.search(shown.screen_text())


def test_what_comes_again_shows_once() -> None:
    state = HistoryState()
    batch = history_batch(7)
    state.apply(batch)
    first = state.history("", 0.0)
    state.apply(batch)
    again = state.history("", 0.0)
    assert (again.seen, again.means, again.windows) == (first.seen, first.means, first.windows)
    assert (again.total, again.flagged) == (40, 3)
    assert [row.transaction for row in again.seen] == list(batch.transactions)
    assert all(row.mean is not None for row in again.seen)


def test_it_is_bounded() -> None:
    state = HistoryState()
    for number in range(1_500):
        time = EVENT_TIME + timedelta(seconds=number)
        state.apply(
            HistoryBatch(
                transactions=[transaction(number, user_id=7, trans_date_trans_time=time)],
                means=[rolling(7, trans_date_trans_time=time)],
                windows=[window_row(number, 7)],
            )
        )
    history = state.history("", 0.0)
    assert (len(history.seen), len(history.means)) == (MOST_ROWS, MOST_ROWS)
    assert len(history.windows) == MOST_WINDOWS
    assert history.total == 1_500
    newest = history.seen[0].transaction.trans_date_trans_time
    assert newest == EVENT_TIME + timedelta(seconds=1_499)


def test_emptied_topics_empty_it() -> None:
    state = HistoryState()
    state.apply(history_batch(7))
    state.apply(HistoryBatch(recreated=True))
    assert state.history("", 0.0).seen == ()


async def test_a_source_that_fails_is_tried_again() -> None:
    shown = stage()
    back = threading.Event()
    shown.history = [OSError("gone"), back, history_batch(1)]
    async with shown.app.run_test(size=(100, 30)) as pilot:
        screen = await open_user(shown, pilot)
        await shown.shows(pilot, "gone")
        back.set()
        await shown.wait(pilot, lambda: bool(screen.history.seen) and not screen.history.error)
