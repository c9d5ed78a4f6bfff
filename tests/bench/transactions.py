"""Transactions of the simulator, as many as a part wants: for a stack, and for files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import duckdb

from pipeline.config import KafkaSettings
from pipeline.contract import Transaction
from pipeline.errors import UnansweredError
from pipeline.kafka import topics
from pipeline.kafka.producer import TopicProducer
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from .report import seconds_until

Keyed = tuple[bytes, bytes]
"""The key and the value of a record."""

_PATIENCE = 3_600
_LOOK_SECONDS = 0.5
_AHEAD = 100_000
"""Records that jobs have yet to read at most: in a longer backlog, they read one partition far
ahead of another, and keep in memory what the watermark has not passed."""


def records(rows: Iterable[Transaction]) -> list[Keyed]:
    """Transactions as the records of their topic."""
    return [(encode.key(row), encode.value(row)) for row in rows]


def send(kafka: KafkaSettings, encoded: Iterable[Keyed], topic: str = "") -> None:
    """Send records to a topic, that of the transactions when empty, until all are delivered."""
    with TopicProducer(kafka, topic) as producer:
        for key, value in encoded:
            producer.send(key, value)


def number_of_records(kafka: KafkaSettings, topic: str) -> int:
    """How many records a topic holds; 0 while Kafka does not say so."""
    found = next(each for each in topics.list_topics(kafka) if each.name == topic)
    return found.offsets or 0


def load(connection: duckdb.DuckDBPyConnection, rows: Iterable[Transaction], lines: Path) -> None:
    """Make rows the table `transactions` of a database; `lines` is a file for them on the way."""
    with lines.open("wb") as file:
        file.writelines(encode.value(row) + b"\n" for row in rows)
    connection.execute(f"CREATE TABLE transactions AS FROM read_json('{lines}')")


def send_and_wait(runtime: Runtime, count: int, jobs: int) -> None:
    """Send so many transactions, and wait until so many jobs have read them."""
    generator = Generator()
    with TopicProducer(runtime.kafka) as producer:
        for number in range(count):
            if number and number % _AHEAD == 0:
                _wait(runtime, jobs, _AHEAD)
            row = generator.next(7.2)
            producer.send(encode.key(row), encode.value(row))
    _wait(runtime, jobs, 0)


def _wait(runtime: Runtime, jobs: int, behind: int) -> None:
    seconds_until(lambda: _have_read(runtime, jobs, behind), _PATIENCE, every=_LOOK_SECONDS)


def _have_read(runtime: Runtime, jobs: int, behind: int) -> bool:
    """Whether this many jobs report at most this lag; one without metrics reports nothing."""
    try:
        metrics = runtime.metrics().values()
    except UnansweredError:
        # It is busy reading.
        return False
    pending = [each.pending for each in metrics if each.pending is not None]
    return len(pending) == jobs and max(pending) <= behind
