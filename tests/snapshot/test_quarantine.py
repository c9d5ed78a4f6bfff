"""What the quarantine looks like: empty, with records, with an open record, hostile strings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.kafka.quarantine import validate
from pipeline.kafka.records import Record
from tests.streams.poison import poisons
from tui.streams.quarantined import BadRow
from tui.streams.record_view import RecordView
from tui.streams.source import Batch

from .fake_source import FakeSource
from .sample_rows import NOW, live_batch, transaction
from .stage import Stage
from .test_dashboard import SIZES, Compare, Size

HOSTILE = b'\x1b]0;owned\x07\x1b[2J{"amt": [bold red]\xe2\x80\xae 12}' + "表情🙂".encode() * 20


def quarantined() -> list[BadRow]:
    values = [value for _, value, _ in poisons(transaction(3))]
    records = [
        Record(TRANSACTION_TOPIC, n % 4, 4_100 + n, int((NOW - 7 * n) * 1000), b"-3122116", value)
        for n, value in enumerate([*values, HOSTILE])
    ]
    _, bad = validate(records)
    return [BadRow(RecordView.of(found.record), found.kind, found.reason) for found in bad]


def bad_batch() -> Batch:
    return replace(live_batch(), quarantined=quarantined())


@SIZES
@pytest.mark.parametrize("keys", [(), ("j", "enter")], ids=["list", "record"])
def test_quarantine(snap_compare: Compare, size: Size, keys: tuple[str, ...]) -> None:
    stage = Stage(source=FakeSource(bad_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await pilot.press("b")
        await stage.shows(pilot, "Quarantine")
        await pilot.press(*keys)
        await stage.settle(pilot)

    assert snap_compare(stage.app, terminal_size=size, run_before=before)


def test_nothing_is_quarantined(snap_compare: Compare) -> None:
    stage = Stage(source=FakeSource(live_batch()))

    async def before(pilot: Pilot[Any]) -> None:
        await stage.live(pilot)
        await pilot.press("b")
        await stage.shows(pilot, "read so far is valid")

    assert snap_compare(stage.app, terminal_size=(80, 24), run_before=before)
