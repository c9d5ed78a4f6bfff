"""The screen of a user of one's own stream, and what it collects."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from pipeline.errors import UnavailableError
from tests.snapshot.own_user import (
    BATCH,
    FEATURES,
    HOUR,
    NOON,
    PAYMENTS,
    RESULTS,
    VISITS,
    columns_of,
    opened,
    paid,
    stage,
)
from tui.panels.windows.next_window import OpenWindowLines
from tui.screens.holding.holding_screen import HoldingScreen
from tui.screens.user.own_user_screen import OwnUserScreen
from tui.screens.user.own_user_tables import UserRecordsTable
from tui.screens.user.time_plot import TimePlot
from tui.streams.history import MOST_ROWS
from tui.streams.own_history import OwnHistoryBatch, OwnHistoryState, OwnRecord
from tui.streams.sink_topics import own_sinks
from tui.streams.source import Batch


async def test_it_shows_what_the_source_declares() -> None:
    shown = stage(BATCH)
    async with shown.app.run_test(size=(140, 40), notifications=True) as pilot:
        screen = await opened(shown, pilot)
        await shown.shows(
            pilot,
            "account DE07 in payments.v2",
            "3 records 1 flagged shown since 2024-03-01 12:00:00",
            "Amounts paid",
            "● 1 flagged",
            "• 1 other",
            "Features 3",
            "Records 3",
        )
        said = [" ".join(line.split()) for line in shown.screen_text().split("\n")]
        assert any("spend spent 910.25 03-01 13:00:00" in line for line in said)
        assert any("hours total 910.25 03-01 13:00:00" in line for line in said)
        assert any("bad_ones rows 2 03-01 13:00:00" in line for line in said)
        assert "2024-03-01 12:01:00 ⚑ 900.25 •••• true" in said
        assert "DE89" not in shown.screen_text()
        table = screen.query_one(UserRecordsTable)
        assert list(table.columns.kinds) == ["at", "paid", "iban", "bad", "account"]
        assert [row.offset for row in table.rows] == [2, 1, 0]


async def test_a_source_without_amount_and_label_has_no_plot_and_says_why() -> None:
    record = OwnRecord(0, 0, (NOON, 7, "/"))
    shown = stage(OwnHistoryBatch(columns=columns_of(VISITS), records=[record], read=1, lag=0))
    async with shown.app.run_test(size=(100, 30)) as pilot:
        screen = await opened(shown, pilot, "7")
        await shown.shows(
            pilot,
            "who 7 in visits",
            "1 record shown since 2024-03-01 12:00:00 the source declares no amount and no label",
            "No feature has written a row of this user yet.",
        )
        assert not screen.query_one(TimePlot).display
        assert "flagged" not in shown.screen_text()


async def test_a_sensitive_amount_is_not_plotted() -> None:
    columns = tuple(replace(each, hidden=each.name == "paid") for each in BATCH.columns)
    shown = stage(replace(BATCH, columns=columns))
    async with shown.app.run_test(size=(140, 40)) as pilot:
        await opened(shown, pilot)
        await shown.shows(pilot, "paid is sensitive, so it is not plotted.")
        assert "900.25" not in shown.screen_text()


async def test_a_sensitive_label_is_neither_counted_nor_marked() -> None:
    columns = tuple(replace(each, hidden=each.name == "bad") for each in BATCH.columns)
    records = [replace(record, flagged=False) for record in BATCH.records]
    shown = stage(replace(BATCH, columns=columns, records=records))
    async with shown.app.run_test(size=(140, 40)) as pilot:
        await opened(shown, pilot)
        await shown.shows(pilot, "3 records shown since")
        assert "flagged" not in shown.screen_text()
        assert "⚑" not in shown.screen_text()


async def test_neighbours_copy_and_hold() -> None:
    shown = stage(BATCH)
    async with shown.app.run_test(size=(100, 30), notifications=True) as pilot:
        await opened(shown, pilot)
        await pilot.press("y")
        assert shown.app.clipboard == "DE07"
        await pilot.press("greater_than_sign")
        await shown.shows(pilot, "account FR01")
        await pilot.press("h")
        await shown.wait(pilot, lambda: isinstance(shown.app.screen, HoldingScreen))


async def test_kafka_that_does_not_answer_is_said() -> None:
    shown = stage(*[UnavailableError("Kafka does not answer.", "Try again.")] * 100)
    async with shown.app.run_test(size=(100, 30)) as pilot:
        await opened(shown, pilot)
        await shown.shows(pilot, "Kafka does not answer. Try again. Nothing has been read yet.")


def test_what_is_collected_is_bounded_and_ends_at_the_moment() -> None:
    state = OwnHistoryState(PAYMENTS, own_sinks(FEATURES), NOON + timedelta(minutes=599))
    for start in range(0, 700, 100):
        records = [paid(number, "1.00") for number in range(start, start + 100)]
        state.apply(OwnHistoryBatch(records=records, read=100))
    found = state.history("", 1.0)
    assert (found.total, len(found.records)) == (600, MOST_ROWS)
    assert found.records[0].offset == 599
    state.apply(OwnHistoryBatch(results={"spend": [("DE07", NOON + 24 * HOUR, Decimal(1), 1)]}))
    assert state.history("", 1.0).results == ()
    state.apply(OwnHistoryBatch(recreated=True))
    assert state.history("", 1.0).records == ()


async def test_enter_on_a_window_opens_its_user() -> None:
    shown = stage(BATCH)
    shown.source.batches.append(Batch(sinks={"hours": RESULTS["hours"]}))
    async with shown.app.run_test(size=(140, 40)) as pilot:
        await shown.live(pilot)
        await pilot.press("3", "w", "w", "w")
        await shown.shows(pilot, "Windows hours 1", "DE07")
        # Of the stream's own event time, the console knows no open window.
        assert not shown.app.screen.query_one(OpenWindowLines).display
        await pilot.press("j", "enter")
        await shown.wait(pilot, lambda: isinstance(shown.app.screen, OwnUserScreen))
