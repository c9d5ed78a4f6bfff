"""No output of the console shows what is sensitive."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest

from pipeline.config import KafkaSettings, LabelSettings
from pipeline.contract import FLAGGED_TOPIC, TRANSACTION_TOPIC, Transaction
from pipeline.features import BUILT_IN
from pipeline.features.masks import Masks
from pipeline.kafka.records import Record
from pipeline.model.sinks import SinkColumn
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import sink
from tests.snapshot.sample_rows import live_batch, transaction
from tests.snapshot.stage import Stage
from tests.snapshot.tails import FakeTails
from tui.panels.catalogue import PANELS
from tui.panels.feature_columns import columns_of
from tui.screens.user.user_tables import SEEN_COLUMNS
from tui.streams.history import Seen
from tui.streams.kafka_source import decoded
from tui.streams.panel_state import sinks_of
from tui.streams.record_view import RecordFields, RecordView
from tui.streams.source import Batch
from tui.streams.tutorial_user import as_shown
from tui.table.filter import parse

CARD = 4_000_123_412_341_385
FIRST, LAST, BORN = "Zephyrine", "Quibblesworth", "1931-07-09"
CANARIES = (str(CARD), FIRST, LAST, BORN, "1234123", "Zeph")
MASKS = Masks(BUILT_IN, KafkaSettings(), LabelSettings())


def person(number: int) -> Transaction:
    return transaction(
        number, cc_num=CARD, first=FIRST, last=LAST, dob=BORN, is_fraud=1, user_id=77
    )


def record(topic: str, number: int, value: object = None) -> Record:
    if value is None:
        fields = msgspec.structs.asdict(person(number))
        value = fields | {"trans_date_trans_time": str(fields["trans_date_trans_time"])}
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    key = str(CARD).encode()
    return Record(topic, 0, number, 1_700_000_000_000, key, data, (("first", FIRST.encode()),))


ODD: tuple[object, ...] = (
    {"cc_num": f"{CARD}x", "first": FIRST},
    f'{{"cc_num": {CARD}, "first": "{FIRST}'.encode(),
    [CARD, FIRST],
    {"inner": {"cc_num": CARD, "more": [{"last": LAST}]}},
)


def batch() -> Batch:
    """What the console reads, with its masks."""
    by_topic: defaultdict[str, list[Record]] = defaultdict(list)
    by_topic[FLAGGED_TOPIC] = [record(FLAGGED_TOPIC, number) for number in range(5)]
    by_topic[TRANSACTION_TOPIC] = [
        record(TRANSACTION_TOPIC, number, value) for number, value in enumerate(ODD)
    ]
    found = decoded(
        by_topic,
        sinks_of(PANELS),
        lag=0,
        error="",
        recreated=False,
        past=False,
        mask_of=MASKS.of,
    )
    assert (len(found.quarantined), found.bad) == (len(ODD), 0)
    return replace(live_batch(), sinks=found.sinks, quarantined=found.quarantined)


def views() -> list[RecordView]:
    records = [record(TRANSACTION_TOPIC, number) for number in range(3)]
    records += [record(TRANSACTION_TOPIC, 3 + n, value) for n, value in enumerate(ODD)]
    return [RecordView.of(each, MASKS.of(TRANSACTION_TOPIC)) for each in records]


class Seer:
    """Everything that a console has shown, copied, and written."""

    def __init__(self, stage: Stage, folder: Path) -> None:
        self._stage = stage
        self._folder = folder
        self.seen: list[str] = []

    def look(self) -> None:
        """Take what is on the screen, as text and as a picture, and what was copied."""
        app = self._stage.app
        self.seen += [self._stage.screen_text(), app.export_screenshot(), app.clipboard]

    def never_shown(self) -> None:
        for path in self._folder.rglob("*"):
            if path.suffix == ".parquet":
                self.seen.append(str(pq.read_table(path).to_pylist()))
            elif path.is_file():
                self.seen.append(path.read_text())
        for text in self.seen:
            for canary in CANARIES:
                assert canary not in text, text


async def test_records(tmp_path: Path) -> None:
    tails = FakeTails({TRANSACTION_TOPIC: views()})
    stage = Stage(source=FakeSource(batch()), tails=tails, folder=tmp_path)
    seer = Seer(stage, tmp_path)
    async with stage.app.run_test(size=(200, 50), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("6")
        await stage.shows(pilot, "enter chooses", TRANSACTION_TOPIC)
        await pilot.press("enter")
        await stage.shows(pilot, "7 read")
        seer.look()
        await pilot.press("enter")
        for _ in range(7):
            await pilot.press("y", "j")
            await stage.settle(pilot)
            seer.look()
        await stage.shows(pilot, "••••")
        for kind in ("j", "c", "p"):
            await pilot.press("E", kind, "enter")
            await stage.shows(pilot, "so do not replay it")
        seer.look()
        # The filter still looks at what is hidden.
        await pilot.press("slash", *f"cc_num:{CARD}", "enter")
        await stage.shows(pilot, "4 match")
    assert any("•••• 1385" in text for text in seer.seen)
    seer.never_shown()


@pytest.mark.parametrize("format", ["j", "c", "p"])
async def test_flagged(tmp_path: Path, format: str) -> None:
    stage = Stage(source=FakeSource(batch()), folder=tmp_path)
    seer = Seer(stage, tmp_path)
    async with stage.app.run_test(size=(200, 50), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("4", "m")
        await stage.shows(pilot, "•••• ••••")
        seer.look()
        await pilot.press("y", "enter")
        await stage.settle(pilot)
        seer.look()
        await pilot.press("y", "escape", "E", format, "enter")
        await stage.shows(pilot, "Exported 5 rows", "so do not replay it")
        seer.look()
        await pilot.press("slash", *FIRST, "enter")
        await stage.shows(pilot, "5 of 5")
    seer.never_shown()


async def test_quarantine(tmp_path: Path) -> None:
    stage = Stage(source=FakeSource(batch()), folder=tmp_path)
    seer = Seer(stage, tmp_path)
    async with stage.app.run_test(size=(200, 50), notifications=True) as pilot:
        await stage.live(pilot)
        await pilot.press("b")
        await stage.shows(pilot, "Quarantine")
        await pilot.press("enter")
        for _ in range(len(ODD)):
            await pilot.press("y", "j")
            await stage.settle(pilot)
            seer.look()
        await pilot.press("E", "j", "enter")
        await stage.shows(pilot, f"Exported {len(ODD)} rows")
    seer.never_shown()


def test_the_history_of_a_user_is_hidden_where_it_is_read() -> None:
    shown = as_shown(person(1), MASKS.of(TRANSACTION_TOPIC))
    values = SEEN_COLUMNS.values(Seen(shown))
    for canary in CANARIES:
        assert canary not in str(msgspec.structs.asdict(shown)) + str(values)
    assert "•••• 1385" in values
    assert SEEN_COLUMNS.exported["cc_num"] is str
    assert as_shown(
        person(1), Masks(BUILT_IN, KafkaSettings(), LabelSettings(), show=True).of("x")
    ) == person(1)


def test_columns_of_ones_own_features() -> None:
    declared = sink(
        "own",
        "own",
        SinkColumn("who", "string", computed=False, hidden=True),
        SinkColumn("card", "int64", computed=True, hidden=True),
        SinkColumn("n", "int64", computed=True),
    )
    columns: Any = columns_of(declared.columns)

    class Row:
        values = (FIRST, CARD, 12)

    drawn = [str(column.cell(Row(), 0.0)[0].text) for column in columns.drawn]
    assert drawn == ["••••", "•••• 1385", "12"]
    assert columns.values(Row()) == ["••••", "•••• 1385", 12]
    assert columns.as_shown(Row(), (FIRST, 12)) == ["••••", "12"]
    assert columns.exported == {"who": str, "card": str, "n": int}
    assert parse(FIRST, columns.kinds).matches(columns.getter(Row()))


def test_a_filter_finds_what_is_hidden() -> None:
    view = views()[0]
    assert RecordFields(view)("first") == FIRST
    assert FIRST.encode() not in (view.shown or b"")
    assert view.shown_key == "•••• 1385".encode()
    assert view.shown_headers == (("first", "••••".encode()),)
