"""The quarantine counts all invalid records and holds the latest; its screen and its keys."""

from __future__ import annotations

from dataclasses import replace

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.kafka.kinds import Kind
from tests.snapshot.fakes import FakeSource
from tests.snapshot.sample_rows import NOW, live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.test_quarantine import quarantined
from tui.screens.quarantine.quarantine_screen import QuarantineScreen
from tui.screens.quarantine.quarantine_table import QuarantineTable
from tui.streams.quarantined import BadRow, QuarantineBuffer
from tui.streams.record_view import RecordView
from tui.streams.source import Batch
from tui.widgets.record_pane import RecordPane


def row(number: int, size: int = 3) -> BadRow:
    view = RecordView(TRANSACTION_TOPIC, 0, number, int(NOW * 1000), None, b"x" * size)
    return BadRow(view, Kind.NOT_JSON, "not JSON")


def test_all_are_counted_and_the_latest_are_buffered() -> None:
    buffer = QuarantineBuffer()
    buffer.apply(row(number) for number in range(1_200))
    state = buffer.snapshot()
    assert state.total == 1_200
    assert state.kinds == ((Kind.NOT_JSON.value, 1_200),)
    assert [each.record.offset for each in state.rows] == list(range(1_199, 699, -1))
    assert buffer.snapshot() is state


def test_a_long_value_is_cut() -> None:
    buffer = QuarantineBuffer()
    buffer.apply([row(0, size=900_000)])
    (only,) = buffer.snapshot().rows
    assert isinstance(only.record.value, bytes)
    assert len(only.record.value) <= 8_192
    assert only.record.size == 900_000


async def test_opened_with_a_key_and_frozen() -> None:
    source = FakeSource(replace(live_batch(), quarantined=quarantined()))
    stage = Stage(source=source)
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        total = len(quarantined())
        await stage.shows(pilot, f"{total} quarantined")
        await pilot.press("b")
        await stage.shows(pilot, f"{total} invalid records")
        await stage.shows(pilot, "time in the future")
        assert isinstance(stage.app.screen, QuarantineScreen)
        await pilot.press("p")
        source.batches.append(Batch(quarantined=[row(9)]))
        await stage.shows(pilot, "frozen, 1 more since")
        await pilot.press("p")
        await stage.shows(pilot, f"{total + 1} invalid records")
        table = stage.app.screen.query_one(QuarantineTable)
        assert table.selected is not None
        assert table.selected.record.offset == 9
        await pilot.press("enter")
        await stage.wait(pilot, lambda: stage.app.screen.query_one(RecordPane).display)
        await pilot.press("enter", "y")
        await stage.shows(pilot, f"Copied {TRANSACTION_TOPIC} 0:9")
        await pilot.press("escape")
        await stage.wait(pilot, lambda: stage.app.screen is stage.dashboard)
