"""Whether a record is seen, on librdkafka's mock cluster."""

from __future__ import annotations

import pytest

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.kafka import visible as module
from pipeline.kafka.visible import visible
from pipeline.stack.local.ports import free_port

from .mock_cluster import TOPIC, Cluster


def test_a_record_is_seen_where_it_is() -> None:
    cluster = Cluster()
    cluster.put(1, 2, 3, partition=0)
    cluster.put(4, 5, partition=2)
    # At offset 2 of the other one, there is only its end.
    assert visible(cluster.kafka, {(TOPIC, 0): 2, (TOPIC, 2): 2}) == {(TOPIC, 0)}
    assert visible(cluster.kafka, {(TOPIC, 0): 0, (TOPIC, 2): 1}) == {(TOPIC, 0), (TOPIC, 2)}


def test_without_an_offset_nobody_is_asked() -> None:
    assert visible(KafkaSettings(bootstrap="nowhere.example:9092"), {}) == frozenset()


def test_a_kafka_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE_SECONDS", 0.2)
    with pytest.raises(UnavailableError, match=f"stopped answering while reading {TOPIC}"):
        visible(KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}"), {(TOPIC, 0): 0})
