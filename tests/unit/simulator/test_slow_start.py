"""A slow start waits after the first record of each partition, and not after any other."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from pipeline.simulator.slow_start import SlowStart


@dataclass
class Topic:
    """Appends a record to the partition that its key names; `log` has what happened."""

    partitions: int
    log: list[str] = field(default_factory=list)
    queued: list[int] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    @property
    def reached(self) -> frozenset[int]:
        return frozenset(self.taken)

    def send(self, key: bytes | None, value: bytes) -> None:
        self.queued.append(int(key or b"0"))
        self.log.append(value.decode())

    def flush(self, timeout: float) -> None:
        self.taken.update(self.queued)
        self.queued.clear()
        self.log.append("flushed")

    def sleep(self, seconds: float) -> None:
        self.log.append("waited")


@pytest.mark.parametrize(
    ("partitions", "keys", "happened"),
    [
        (1, "00", "0 0"),
        (2, "0010", "0 flushed waited 0 flushed 1 flushed waited 0"),
        (3, "0121", "0 flushed waited 1 flushed waited 2 flushed waited 1"),
    ],
)
def test_each_partition_is_waited_for_once(partitions: int, keys: str, happened: str) -> None:
    topic = Topic(partitions)
    start = SlowStart(topic, topic.sleep)
    for key in keys:
        start.send(key.encode(), key.encode())
    assert topic.log == happened.split()


def test_a_partition_without_records_is_not_waited_for_for_ever() -> None:
    topic = Topic(4)
    start = SlowStart(topic, topic.sleep)
    for _ in range(1_000):
        start.send(b"0", b"0")
    assert topic.log.count("waited") == 1
    assert topic.log.count("flushed") == 200
