"""librdkafka's in-process mock cluster, and what is read of it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Producer
from confluent_kafka.admin import AdminClient

from pipeline.config import KafkaSettings
from pipeline.kafka.client import client_config
from pipeline.kafka.consumer import BatchConsumer
from tests.idle import DEADLINE_SECONDS, eventually

TOPIC = "numbers"
LEADER = SimpleNamespace(id=1)


class Cluster:
    """Topics with records, and the answers to requests about them."""

    def __init__(self) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": "ignored",
                "test.mock.num.brokers": 1,
                "logger": logging.getLogger("mock"),
            }
        )
        brokers = self._producer.list_topics(timeout=DEADLINE_SECONDS).brokers.values()
        addresses = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)
        self.kafka = KafkaSettings(bootstrap=addresses)
        self.topic_id: str | None = "first"
        self.ids: dict[str, str] = {}
        self.partitions = 1
        self.leaderless: set[int] = set()
        self.list_offsets = AdminClient(client_config(self.kafka)).list_offsets

    def put(self, *values: int, topic: str = TOPIC, partition: int = 0) -> None:
        for value in values:
            self._producer.produce(topic, b"%d" % value, partition=partition)
        assert self._producer.flush(DEADLINE_SECONDS) == 0

    def describe_topics(self, topics: Any, **_: Any) -> dict[str, Future[Any]]:
        answer: Future[Any] = Future()
        if self.topic_id is None:
            answer.set_exception(KafkaException(KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)))
        else:
            partitions = [
                SimpleNamespace(id=number, leader=None if number in self.leaderless else LEADER)
                for number in range(self.partitions)
            ]
            answer.set_result(SimpleNamespace(topic_id=self.topic_id, partitions=partitions))
        answers = dict.fromkeys(topics.topic_names, answer)
        for name, topic_id in self.ids.items():
            answers[name] = Future()
            answers[name].set_result(SimpleNamespace(topic_id=topic_id, partitions=partitions))
        return answers


def read(consumer: BatchConsumer, count: int) -> list[int]:
    """Read this many records, or those that arrived before a timeout."""
    found: list[int] = []
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found += [int(record.value or b"") for record in consumer.poll(timeout=0.1)]
        if len(found) >= count:
            break
    return found


def nothing_until(consumer: BatchConsumer, condition: Callable[[], object]) -> None:
    """Poll without a record until a condition holds."""

    def polled() -> object:
        assert consumer.poll(timeout=0.1) == []
        return condition()

    eventually(polled)
