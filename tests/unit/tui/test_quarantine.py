"""The quarantine counts all invalid records and holds the latest; its screen and its keys."""

from __future__ import annotations

from dataclasses import replace

from pipeline.config import KafkaSettings
from pipeline.contract import TRANSACTION_TOPIC
from pipeline.formats.kinds import Kind
from pipeline.kafka.records import Record
from pipeline.sources import TRANSACTION, source
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.sample_rows import NOW, live_batch
from tests.snapshot.stage import Stage
from tests.snapshot.test_quarantine import quarantined
from tui.screens.quarantine.quarantine_screen import QuarantineScreen
from tui.screens.quarantine.quarantine_table import QuarantineTable
from tui.streams.quarantined import BadRow, QuarantineBuffer
from tui.streams.record_view import RecordView
from tui.streams.source import Batch
from tui.streams.validation import Validated, Validation
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


def payment(offset: int, value: bytes, at: float = NOW) -> Record:
    return Record("payments.v2", 2, offset, int(at * 1_000), None, value)


PAYMENTS = source(
    topic="payments.v2",
    schema={"booked_at": "timestamp(3)", "account": "string", "card": "int64"},
    time="booked_at",
    required=("account", "card"),
    sensitive=("card",),
)


def test_other_sources_are_validated_by_what_they_declare() -> None:
    validation = Validation(KafkaSettings(bootstrap="127.0.0.1:1"), (TRANSACTION, PAYMENTS))
    assert validation.topics == ("payments.v2",)
    good = b'{"booked_at":"2023-03-04 12:00:00","account":"DE07","card":3524574586339330}'
    odd = b'{"booked_at":"2023-03-04 12:00:00","account":"DE07","card":"secret"}'
    records = [payment(0, good), payment(1, b"{"), payment(2, odd)]
    found = validation.validated("payments.v2", records)
    assert [(each.account, each.card) for each in found.rows] == [("DE07", 3524574586339330)]
    assert [(each.record.offset, each.kind) for each in found.invalid] == [
        (1, Kind.NOT_JSON),
        (2, Kind.WRONG_TYPE),
    ]
    assert found.unknown == 0
    assert "secret" not in found.invalid[1].reason


def test_what_cannot_be_validated_is_counted_as_that() -> None:
    # There is no registry in this profile.
    avro = replace(PAYMENTS, format="avro-confluent")
    validation = Validation(KafkaSettings(bootstrap="127.0.0.1:1"), (avro,))
    found = validation.validated("payments.v2", [payment(0, b"\x00"), payment(1, b"")])
    assert found == Validated(unknown=2)


async def test_the_quarantine_has_the_invalid_records_of_every_source() -> None:
    validation = Validation(KafkaSettings(bootstrap="127.0.0.1:1"), (PAYMENTS,))
    invalid = validation.validated("payments.v2", [payment(7, b"[]", NOW + 1)]).invalid
    rows = [BadRow(RecordView.of(each.record), each.kind, each.reason) for each in invalid]
    stage = Stage(source=FakeSource(replace(live_batch(), quarantined=[row(9)], elsewhere=rows)))
    async with stage.app.run_test(size=(160, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await stage.shows(pilot, "2 quarantined")
        await pilot.press("b")
        await stage.shows(pilot, "2 invalid records", "payments.v2", "transaction", "2:7", "0:9")
        table = stage.app.screen.query_one(QuarantineTable)
        assert [each.record.topic for each in table.rows] == ["payments.v2", TRANSACTION_TOPIC]


async def test_no_transaction_is_called_invalid_for_those_of_another_source() -> None:
    validation = Validation(KafkaSettings(bootstrap="127.0.0.1:1"), (PAYMENTS,))
    invalid = validation.validated("payments.v2", [payment(7, b"[]")]).invalid
    rows = [BadRow(RecordView.of(each.record), each.kind, each.reason) for each in invalid]
    stage = Stage(source=FakeSource(Batch(elsewhere=rows)))
    async with stage.app.run_test(size=(120, 40), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("2")
        await stage.shows(pilot, "1 quarantined", "No transactions yet")


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
