from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime

import msgspec

from pipeline.contract import TRANSACTION_TOPIC, CumulatingRow
from pipeline.kafka.records import Record
from pipeline.simulator import encode
from tests.snapshot.sample_rows import rolling, transaction, window_row
from tui.panels.catalogue import PANELS
from tui.streams.kafka_source import decoded
from tui.streams.panel_state import sinks_of
from tui.streams.sink_topics import CUMULATING, FLAGGED, HOPPING, ROLLING, TUMBLING
from tui.streams.source import Extent

CUMULATING_ROW = {
    "window_start": "2023-03-04 00:00:00",
    "window_end": "2023-03-04 07:00:00",
    "user_id": 7,
    "user_mean_trans_amt_today": 12.5,
    "user_trans_count_today": 3,
}


def record(topic: str, offset: int, value: object) -> Record:
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return Record(topic, 1, offset, 1_700_000_000_000, None, data)


def by_topic(*records: Record) -> defaultdict[str, list[Record]]:
    grouped: defaultdict[str, list[Record]] = defaultdict(list)
    for one in records:
        grouped[one.topic].append(one)
    return grouped


def test_records_are_separated_by_topic_and_bad_ones_counted() -> None:
    batch = decoded(
        by_topic(
            record(TRANSACTION_TOPIC, 0, encode.value(transaction(1))),
            record(TRANSACTION_TOPIC, 1, b"{"),
            record(FLAGGED.topic, 7, b"\xff not json"),
            record(FLAGGED.topic, 8, transaction(2)),
            record(ROLLING.topic, 0, rolling(3)),
            record(ROLLING.topic, 1, b'{"user_id": "text"}'),
            record(TUMBLING.topic, 0, window_row(0, 4)),
            record(HOPPING.topic, 0, window_row(1, 4)),
            record(CUMULATING.topic, 0, CUMULATING_ROW),
        ),
        sinks_of(PANELS),
        lag=5,
        error="",
        recreated=False,
        past=False,
    )
    assert batch.transactions == [transaction(1)]
    assert batch.rows(ROLLING) == [rolling(3)]
    assert batch.rows(TUMBLING) == [window_row(0, 4)]
    assert batch.rows(HOPPING) == [window_row(1, 4)]
    assert batch.rows(CUMULATING) == [
        CumulatingRow(datetime(2023, 3, 4), datetime(2023, 3, 4, 7), 7, 12.5, 3),
    ]
    times = [transaction(1).trans_date_trans_time] * 2
    assert batch.extents == {"transaction": {1: Extent(0, *times)}}
    (flagged,) = batch.rows(FLAGGED)
    assert (flagged.record.offset, flagged.row) == (8, transaction(2))
    assert flagged.record.data == msgspec.json.encode(transaction(2))
    assert (batch.bad, batch.lag) == (2, 5)
    assert [(row.place, row.kind) for row in batch.quarantined] == [
        (("transaction", 1, 1), "not JSON")
    ]


def test_the_newest_record_of_each_topic_says_how_old_it_is() -> None:
    times = {ROLLING.topic: (3_000, 9_000, 7_500), TUMBLING.topic: (-1,), FLAGGED.topic: ()}
    records = [
        replace(record(topic, offset, rolling(offset)), timestamp_ms=time)
        for topic, of_topic in times.items()
        for offset, time in enumerate(of_topic)
    ]
    batch = decoded(
        by_topic(*records), sinks_of(PANELS), lag=0, error="", recreated=False, past=True
    )
    # A producer that sets no timestamp leaves a negative one.
    assert batch.written == {ROLLING.topic: 9.0}
