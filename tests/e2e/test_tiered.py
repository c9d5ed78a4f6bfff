"""A topic whose older records are in a remote store is read as any other one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

from pipeline.contract import TRANSACTION_TOPIC
from pipeline.kafka.newest import newest_timestamps
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.topics import PartitionInfo, list_topics
from pipeline.model.reading import Since
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from .attaching import attached
from .conftest import wait_until
from .tiered import Tiered, tiered_broker

COUNT = 800


@pytest.fixture(scope="module")
def tiered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiered]:
    with tiered_broker(tmp_path_factory.mktemp("tiered")) as broker:
        yield broker


class Sender:
    """Creates the topic, and sends transactions to it."""

    def __init__(self, tiered: Tiered) -> None:
        self.sent = 0
        self._generator = Generator(7)
        self._producer = Producer({"bootstrap.servers": tiered.kafka.bootstrap})
        options = {
            "remote.storage.enable": "true",
            "segment.ms": "100",
            "local.retention.ms": "1",
            "retention.ms": "-1",
        }
        admin = AdminClient({"bootstrap.servers": tiered.kafka.bootstrap})
        (made,) = admin.create_topics([NewTopic(TRANSACTION_TOPIC, 1, config=options)]).values()
        made.result(60)

    def send(self, count: int) -> None:
        for _ in range(count):
            row = self._generator.next(30.0)
            self._producer.produce(TRANSACTION_TOPIC, encode.value(row), encode.key(row))
        assert self._producer.flush(60) == 0
        self.sent += count


def test_records_in_a_remote_store(tiered: Tiered, stack: Runtime, tmp_path: Path) -> None:
    sender = Sender(tiered)
    sender.send(COUNT)

    def partition() -> PartitionInfo:
        (found,) = (t for t in list_topics(tiered.kafka) if t.name == TRANSACTION_TOPIC)
        # One, since of several a job may read one so far ahead that records of others are late.
        (only,) = found.partitions
        return only

    def moved() -> bool:
        # A segment is closed by the first record after its time.
        sender.send(10)
        return tiered.local_start(TRANSACTION_TOPIC, 0) > COUNT / 2

    wait_until(moved, 60, "the older segments to be in the store alone")
    wait_until(
        lambda: tiered.local_start(TRANSACTION_TOPIC, 0) == partition().latest,
        60,
        "every record to be in the store alone",
    )
    assert (partition().earliest, partition().latest) == (0, sender.sent)
    records = list(chain.from_iterable(read_to_end(tiered.kafka, TRANSACTION_TOPIC)))
    assert len(records) == sender.sent
    # Times are found in the store, too; Kafka itself looks for the newest in what is local.
    newest = max(record.timestamp_ms for record in records)
    last = chain.from_iterable(read_to_end(tiered.kafka, TRANSACTION_TOPIC, start=Since(newest)))
    assert {record.timestamp_ms for record in last} == {newest}
    assert newest_timestamps(tiered.kafka, [TRANSACTION_TOPIC]) == {
        TRANSACTION_TOPIC: newest / 1000
    }

    company = attached(tmp_path, tiered.kafka.bootstrap, stack.status().rest)
    printed = company("tail", TRANSACTION_TOPIC, "--from", "beginning", "--no-follow", "--json")
    assert (printed.returncode, len(printed.stdout.splitlines())) == (0, sender.sent)
    # A job reads the store from the beginning.
    for command in (("topics", "--create"), ("start", "rolling")):
        done = company(*command)
        assert done.returncode == 0, (done.stdout, done.stderr)
    done = company("verify", "rolling", "--json")
    (parity,) = json.loads(done.stdout)
    assert (parity["outcome"], parity["transactions"]) == ("proved", sender.sent), parity
    assert (parity["unread"], parity["before_history"], parity["late"]) == (0, 0, 0)
    done = company("check", "rolling", "--max-lag", "0", "--max-age", "3600", "--json")
    assert done.returncode == 0, done.stdout
    company("down")
