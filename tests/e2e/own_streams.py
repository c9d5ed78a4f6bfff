"""Streams of one's own on the stack of a run: a features file, and records in its topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from confluent_kafka import Producer

from pipeline.config import Settings
from pipeline.stack.runtime import Runtime

from .conftest import emptied, in_order

Keyed = tuple[bytes, bytes | None]


@contextmanager
def with_features(stack: Runtime, settings: Settings, file: Path) -> Iterator[Runtime]:
    """The stack with the features of a file and empty topics; its jobs are discarded at the end."""
    emptied(stack)
    runtime = Runtime(msgspec.structs.replace(settings, features=(file,)))
    runtime.fresh()
    yield runtime
    for job in runtime.status().jobs:
        runtime.stop_job(job.name, discard=True)
    runtime.close()


def send(runtime: Runtime, topic: str, records: Iterable[Keyed]) -> None:
    """Write records; those of a key are in the partition in which a Java client writes them."""
    producer = Producer(in_order(runtime.kafka.bootstrap) | {"partitioner": "murmur2_random"})
    for key, value in records:
        producer.produce(topic, value, key)
    assert producer.flush(60) == 0
