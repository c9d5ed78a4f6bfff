"""Flagged lists the labelled records of the user's own sources, also if no feature picks them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace

import pytest

from fraudwatch import source
from pipeline.config import KafkaSettings
from pipeline.kafka.records import Record
from pipeline.model.sinks import Sink
from pipeline.sources import Source
from pipeline.sources.labelled import labelled_records
from pipeline.sources.masking import OPEN, Mask
from tests.snapshot.fake_source import FakeSource
from tests.snapshot.fakes import SINKS, Clock, FakeBackend
from tests.snapshot.stage import Stage
from tui.panels.catalogue import PANELS
from tui.panels.flagged.flagged_panel import FLAGGED_PANEL
from tui.panels.users.users_panel import USERS
from tui.streams.kafka_source import decoded
from tui.streams.sink_topics import has_user, own_sinks
from tui.streams.source import Batch
from tui.streams.store import Store
from tui.streams.validation import Validation
from tui.table.query import Query

from .test_own_tabs import SPEND

NAME = "payments.chargeback"


def payments(dtype: str = "boolean", *, labelled: bool = True) -> Source:
    schema = {"at": "timestamp(3)", "account": "string", "amount": "decimal(12, 2)", "due": "date"}
    return source(
        topic="payments",
        schema=schema | {"card": "int64", "chargeback": dtype},
        time="at",
        user="account",
        amount="amount",
        label="chargeback" if labelled else None,
        sensitive=("card",),
    )


def read(of: Source, *labels: object) -> Batch:
    """A batch with a record per label, each a second after the one before."""
    records = [
        Record(
            of.topic,
            0,
            offset,
            1_709_300_000_000,
            None,
            json.dumps(
                {"at": f"2024-03-01 09:00:{offset:02}", "account": "DE1", "amount": offset}
                | {"card": 4_000_123_412_341_385, "chargeback": label, "due": "2024-04-01"}
            ).encode(),
        )
        for offset, label in enumerate(labels)
    ]
    sinks = own_sinks(filter(None, [labelled_records(of)]))
    return decoded(
        defaultdict(list, {of.topic: records}),
        sinks,
        lag=0,
        error="",
        recreated=False,
        past=False,
        mask_of=lambda _: Mask(of.sensitive_fields),
        validated={of.topic: Validation(KafkaSettings(), [of]).validated(of.topic, records)},
    )


def store_of(of: Source, *labels: object, built_in: bool = False) -> Store:
    found = labelled_records(of)
    features: list[Sink] = [*SINKS, SPEND] if built_in else []
    store = Store(
        PANELS,
        Clock(),
        None,
        [*features, found] if found else features,
        (of,),
        built_in=built_in,
    )
    store.apply(read(of, *labels))
    return store


@pytest.mark.parametrize(
    ("dtype", "labels"),
    [
        ("boolean", (True, False, None, True)),
        ("int8", (1, 0, None, 1)),
        ("string", ("Yes", "no", None, "TRUE")),
    ],
)
def test_records_whose_label_says_fraud(dtype: str, labels: tuple[object, ...]) -> None:
    data = store_of(payments(dtype), *labels).snapshot()
    page = data.of(FLAGGED_PANEL)
    assert [(row.record.offset, row.values[5]) for row in page.rows] == [
        (3, labels[3]),
        (0, labels[0]),
    ]
    assert (data.others, data.seen[NAME], data.bad) == ({"payments": 4}, 2, 0)
    assert page.columns is not None
    (row, _), shown = page.rows, {}
    for column in page.columns.drawn:
        shown[column.name] = "".join(piece.text for piece in column.cell(row, 0.0))
    assert (shown["card"], shown["amount"], shown["due"]) == ("•••• 1385", "3.00", "2024-04-01")
    assert b"4000123412341385" not in (row.record.shown or b"")


def test_a_label_that_is_sensitive_is_not_given_away() -> None:
    hidden = replace(payments(), sensitive=("card", "chargeback"))
    assert labelled_records(hidden) is None
    shown = labelled_records(hidden, show_sensitive=True)
    assert shown is not None
    assert not any(column.hidden for column in shown.columns)


def test_equal_records_are_each_listed() -> None:
    of = payments()
    store = store_of(of)
    batch = read(of, True)
    again = read(of, False, True)
    for each in (batch, again):
        store.apply(each)
    assert len(store.snapshot().of(FLAGGED_PANEL).rows) == 2


def test_it_is_a_tab_beside_those_of_features_and_no_topic_to_read_twice() -> None:
    store = store_of(payments(), True, built_in=True)
    data = store.snapshot()
    assert [tab.feature for tab in FLAGGED_PANEL.tabs_of(data)] == ["flagged", NAME]
    assert [tab.feature for tab in USERS.tabs_of(data)] == ["rolling", "spend"]
    store.queries = {FLAGGED_PANEL.name: Query(feature=NAME)}
    assert len(store.snapshot().of(FLAGGED_PANEL).rows) == 1
    (tab,) = (sink for sink in store.sinks if sink.labelled)
    assert not has_user(tab), "no feature whose rows a user's screen shows"


class OwnBackend(FakeBackend):
    """A stack of a profile without built-in features, which reads one source."""

    def sources(self) -> tuple[Source, ...]:
        return self.own

    def mask_of(self, topic: str) -> Mask:
        return OPEN


def stage(of: Source, *labels: object) -> Stage:
    found = labelled_records(of)
    backend = OwnBackend(features=(found,) if found else (), own=(of,))
    return Stage(backend, FakeSource(read(of, *labels)), built_in=False)


@pytest.mark.parametrize(
    ("of", "labels", "said"),
    [
        (payments(), (True, False), ("Flagged payments.chargeback 1", "•••• 1385")),
        (payments(), (False, None), ("chargeback says fraud in none of 2 records of payments.",)),
        (
            payments(labelled=False),
            (True,),
            ("No source has a label that may be shown",),
        ),
    ],
)
async def test_what_the_panel_says(
    of: Source, labels: tuple[object, ...], said: tuple[str, ...]
) -> None:
    shown = stage(of, *labels)
    async with shown.app.run_test(size=(120, 40)) as pilot:
        await shown.live(pilot)
        await pilot.press("4")
        await shown.shows(pilot, *said)
