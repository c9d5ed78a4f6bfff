from __future__ import annotations

import msgspec

from pipeline.kafka.records import Record
from pipeline.schema import TRANSACTION_TOPIC
from tests.snapshot.fakes import rolling, transaction, window_row
from tui.kafka_source import _decoded
from tui.topics import FLAGGED_TOPIC, ROLLING_TOPIC, WINDOWED_TOPIC


def record(topic: str, offset: int, value: object) -> Record:
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return Record(topic, 1, offset, 1_700_000_000_000, None, data)


def test_records_are_told_apart_by_topic_and_bad_ones_counted() -> None:
    batch = _decoded(
        [
            record(TRANSACTION_TOPIC, 0, transaction(1)),
            record(FLAGGED_TOPIC, 7, b"\xff not json"),
            record(FLAGGED_TOPIC, 8, transaction(2)),
            record(ROLLING_TOPIC, 0, rolling(3)),
            record(ROLLING_TOPIC, 1, b'{"user_id": "text"}'),
            record(WINDOWED_TOPIC, 0, window_row(0, 4)),
        ],
        lag=5,
        error="",
        anew=False,
        past=False,
    )
    assert batch.transactions == [transaction(1)]
    assert batch.rolling == [rolling(3)]
    assert batch.windows == {"tumbling": [window_row(0, 4)]}
    assert [(row.offset, row.transaction) for row in batch.flagged] == [(8, transaction(2))]
    assert (batch.bad, batch.lag) == (2, 5)
