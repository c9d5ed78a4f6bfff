"""What `verify` does around the comparison, with Kafka and the job in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count

import pytest

from pipeline import features, schema
from pipeline.config import KafkaSettings
from pipeline.kafka.topics import PartitionInfo, TopicInfo
from pipeline.oracle import verify as module
from pipeline.oracle.batch import evaluate
from pipeline.oracle.verify import Patience, verify

from .test_judge import topic, transaction

(ROLLING,) = (feature for feature in features.BUILT_IN if feature.name == "rolling")
KAFKA = KafkaSettings(bootstrap="kafka.example.org:9092")
# In order, so that nobody would take any of them for late.
ROWS = [transaction(minute) for minute in range(20)]
LOST = 7


@dataclass
class FakeJob:
    """A job that has read everything."""

    running: bool = True
    dropped: int = 0

    def read_up_to(self) -> Mapping[int, int]:
        return {0: len(ROWS)}

    def dropped_late(self) -> int:
        return self.dropped


@pytest.mark.parametrize(
    ("lost", "dropped", "said"),
    [
        (1, 3, "Flink has dropped 3 records as late since the job started, and the order in which"),
        (1, 0, ""),
        (0, 3, ""),
    ],
)
def test_it_says_when_flink_dropped_more_than_can_be_explained(
    monkeypatch: pytest.MonkeyPatch, lost: int, dropped: int, said: str
) -> None:
    transactions = topic(ROWS)
    results = evaluate(ROLLING, transactions.table).to_pylist()
    sink = topic(results[:LOST] + results[LOST + lost :])
    info = TopicInfo(schema.TRANSACTION_TOPIC, (PartitionInfo(0, 0, len(ROWS)),))
    monkeypatch.setattr(module.topics, "list_topics", lambda _: [info])
    monkeypatch.setattr(module, "read_transactions", lambda *_: transactions)
    monkeypatch.setattr(module, "read_sink", lambda *_: sink)
    seconds = count(step=10)
    patience = Patience(clock=lambda: float(next(seconds)), sleep=lambda _: None)
    parity = verify(ROLLING, KAFKA, FakeJob(dropped=dropped), patience=patience)
    assert parity.missing == lost
    assert parity.note.startswith(said)
    assert bool(parity.note) == bool(said)
