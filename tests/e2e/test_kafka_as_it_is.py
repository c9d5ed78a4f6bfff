"""Unusual uses of Kafka: codecs, transactions, compaction, odd records, odd topics."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import psutil
import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from pipeline import contract
from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.kafka.topics import delete_topics
from pipeline.model.jobs import JobState
from pipeline.proof import Outcome
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.local.control import Control, GetReport, Report
from pipeline.stack.runtime import Runtime

from .conftest import Run, command, wait_until

CODECS = ("none", "gzip", "snappy", "lz4", "zstd")


def rows_of(count: int) -> list[Transaction]:
    """Only fraud, so that each feature has results."""
    generator = Generator(seed=5)
    return [msgspec.structs.replace(generator.next(600.0), is_fraud=1) for _ in range(count)]


def client(stack: Runtime, **options: Any) -> Producer:
    dotted = {name.replace("_", "."): value for name, value in options.items()}
    return Producer({"bootstrap.servers": stack.kafka.bootstrap, "log_level": 0} | dotted)


def send(producer: Producer, rows: Iterable[Transaction]) -> None:
    for row in rows:
        producer.produce(contract.TRANSACTION_TOPIC, encode.value(row), encode.key(row))
    assert producer.flush(60) == 0


@pytest.fixture
def make(stack: Runtime) -> Iterator[Callable[..., str]]:
    """Creates topics that are deleted after the test."""
    made: list[str] = []

    def make_topic(name: str = "", **config: str) -> str:
        name = name or f"of-a-test-{uuid.uuid4().hex}"
        dotted = {option.replace("_", "."): value for option, value in config.items()}
        admin = AdminClient({"bootstrap.servers": stack.kafka.bootstrap})
        admin.create_topics([NewTopic(name, 1, config=dotted)])[name].result(60)
        wait_until(lambda: name in admin.list_topics(timeout=10).topics, 30, name)
        made.append(name)
        return name

    yield make_topic
    delete_topics(stack.kafka, made)


def lines(run: Run, *arguments: str) -> list[dict[str, Any]]:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def servers(settings: Settings) -> dict[str, psutil.Process]:
    """The processes of Kafka and Flink, by name."""
    with Control(settings.state_dir) as control:
        report = control.ask(GetReport(), Report)
    return {process.name: psutil.Process(process.pid) for process in report.processes}


def test_every_codec_is_read(stack: Runtime, stack_settings: Settings) -> None:
    """Also from an idempotent producer, and with several codecs within one partition.

    The libraries of the codecs are unpacked within the state directory.
    """
    stack.start_job("flagged")
    stack.start_job("rolling")
    rows = rows_of(100)
    for number, codec in enumerate(CODECS):
        producer = client(
            stack, compression_type=codec, enable_idempotence=number % 2 == 0, linger_ms=50
        )
        send(producer, rows[number::5])
    for name in ("rolling", "flagged"):
        parity = stack.verify(name)
        assert parity.outcome is not Outcome.WRONG, parity
        assert parity.transactions == 100
        assert parity.equal + parity.late + parity.waiting >= parity.expected > 0, parity
    assert all(job.state is JobState.RUNNING for job in stack.status().jobs if job.job_id)
    for server, process in servers(stack_settings).items():
        own = stack_settings.state_dir / server / "tmp"
        libraries = [Path(mapped.path) for mapped in process.memory_maps()]
        for library in ("snappy", "zstd"):
            folders = {path.parent for path in libraries if library in path.name}
            assert folders - {stack_settings.jars_dir} == {own}, (server, library)


@pytest.mark.parametrize("codec", CODECS[1:])
def test_every_codec_is_written(stack: Runtime, stack_settings: Settings, codec: str) -> None:
    run = command(stack_settings, {"FRAUDWATCH_KAFKA_COMPRESSION": codec})
    send(client(stack), rows_of(400))
    started = run("start", "flagged")
    assert started.returncode == 0, started.stderr
    (report,) = json.loads(run("verify", "flagged", "--json").stdout)
    assert report["outcome"] == "proved", report


def test_a_transaction_of_kafka_may_span_partitions(stack: Runtime) -> None:
    stack.start_job("rolling")
    rows = rows_of(60)
    for number, end in enumerate(("commit", "abort", "commit")):
        producer = client(stack, transactional_id=f"spans-{number}")
        producer.init_transactions(60)
        producer.begin_transaction()
        send(producer, rows[number::3])
        getattr(producer, f"{end}_transaction")(60)
    parity = stack.verify("rolling")
    assert parity.outcome is not Outcome.WRONG, parity
    assert (parity.transactions, parity.unread) == (40, 0), parity


def test_a_compacted_topic_is_read_to_its_end(
    stack: Runtime, fraudwatch: Run, make: Callable[..., str]
) -> None:
    topic = make(
        cleanup_policy="compact",
        segment_ms="100",
        min_cleanable_dirty_ratio="0.01",
        delete_retention_ms="100",
    )
    producer = client(stack)

    def write() -> None:
        for number in range(40):
            value = None if number % 4 == 0 else b"%d" % number
            producer.produce(topic, value, b"key-%d" % (number % 8))
        assert producer.flush(60) == 0

    def read() -> list[dict[str, Any]]:
        options = ("--from", "beginning", "--no-follow", "--json")
        return lines(fraudwatch, "tail", topic, *options)

    def compacted() -> bool:
        # A segment is closed by the first record after its time.
        write()
        offsets: list[int] = [record["offset"] for record in read()]
        return len(offsets) < offsets[-1] + 1

    write()
    wait_until(compacted, 90, "Kafka's cleaner")
    records = read()
    assert records[-1]["value"] is not None
    assert {record["key"] for record in records} <= {f"key-{number}" for number in range(8)}
    (listed,) = (
        each for each in json.loads(fraudwatch("topics", "--json").stdout) if each["name"] == topic
    )
    assert listed["records"] >= len(records)


def test_records_without_a_key_with_headers_and_with_any_timestamp(
    stack: Runtime, fraudwatch: Run, make: Callable[..., str]
) -> None:
    topic = make(message_timestamp_type="CreateTime")
    producer = client(stack)
    headers: list[tuple[str, str | bytes | None]] = [
        ("trace", b"abc"),
        ("trace", b"def"),
        ("empty", None),
        ("binary", b"\xff\x00"),
    ]
    producer.produce(topic, b'{"a": 1}', headers=headers)
    producer.produce(topic, b"\xff\xfe", b"\x00")
    producer.produce(topic, None, "José".encode())
    for timestamp in (1, 1_700_000_000, 1_700_000_000_000):
        producer.produce(topic, b"at", timestamp=timestamp)
    assert producer.flush(60) == 0
    options = ("--from", "beginning", "--no-follow")
    records = lines(fraudwatch, "tail", topic, *options, "--json")
    assert [record["offset"] for record in records] == list(range(6))
    assert records[0]["key"] is None
    names = [header["key"] for header in records[0]["headers"]]
    assert names == ["trace", "trace", "empty", "binary"]
    assert records[2]["value"] is None
    assert records[2]["key"] == "José"
    text = fraudwatch("tail", topic, *options)
    assert text.returncode == 0
    assert "1970-01-20" in text.stdout


def test_topics_of_kafkas_own_and_with_any_name(
    stack: Runtime, fraudwatch: Run, make: Callable[..., str]
) -> None:
    make("__raw_tx")
    producer = client(stack)
    producer.produce("__raw_tx", b"one")
    assert producer.flush(60) == 0
    (record,) = lines(
        fraudwatch, "tail", "__raw_tx", "--from", "beginning", "--no-follow", "--json"
    )
    assert record["value"] == "one"
    missing = fraudwatch("tail", "__raw", "--no-follow")
    assert missing.returncode != 0
    assert "__raw" in missing.stderr


def test_kafkas_own_time_of_arrival(stack: Runtime) -> None:
    """A topic whose broker sets the timestamps on arrival; its producers cannot set them."""
    admin = AdminClient({"bootstrap.servers": stack.kafka.bootstrap})
    entry = ConfigEntry(
        "message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET
    )
    resource = ConfigResource(
        ResourceType.TOPIC, contract.TRANSACTION_TOPIC, incremental_configs=[entry]
    )
    admin.incremental_alter_configs([resource])[resource].result(60)
    stack.start_job("rolling")
    send(client(stack), rows_of(200))
    parity = stack.verify("rolling")
    assert parity.outcome is not Outcome.WRONG, parity
    assert (parity.transactions, parity.unread) == (200, 0)
