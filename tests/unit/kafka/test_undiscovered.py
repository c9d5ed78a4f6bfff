"""Counts records in partitions that a job has not discovered, on librdkafka's mock cluster."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.errors import UnavailableError
from pipeline.kafka import undiscovered as module
from pipeline.kafka.undiscovered import Undiscovered
from pipeline.stack.local.ports import free_port

from .mock_cluster import TOPIC, Cluster


def test_records_of_the_partitions_that_are_not_known() -> None:
    cluster = Cluster()
    cluster.put(1, 2, 3, partition=0)
    cluster.put(4, 5, partition=2)
    found = Undiscovered(cluster.kafka)
    assert found.records(TOPIC, {0, 1, 2, 3}) == 0
    assert found.records(TOPIC, {0, 1}) == 2
    assert found.records(TOPIC, ()) == 5


def test_a_partition_without_a_leader_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cluster = Cluster()
    cluster.put(1, 2, 3, partition=0)

    class Leaderless(AdminClient):  # type: ignore[misc]  # the client has no types
        def list_topics(self, *given: Any, **named: Any) -> Any:
            known = super().list_topics(*given, **named).topics[TOPIC]
            known.partitions[1].leader = -1
            return SimpleNamespace(topics={TOPIC: known})

    monkeypatch.setattr(module, "AdminClient", Leaderless)
    assert Undiscovered(cluster.kafka).records(TOPIC, {2, 3}) == 3


def test_a_kafka_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.2)
    found = Undiscovered(KafkaSettings(bootstrap=f"127.0.0.1:{free_port()}"))
    with pytest.raises(UnavailableError, match="cannot be used"):
        found.records(TOPIC, ())
