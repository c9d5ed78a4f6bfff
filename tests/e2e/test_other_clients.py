"""Other clients can read the default output, without further libraries."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaConsumer
from py4j.java_gateway import GatewayParameters, JavaGateway, launch_gateway

from pipeline.config import Settings
from pipeline.stack.local.jars import manifest as jars_of_kafka
from pipeline.stack.local.java import java_home
from pipeline.stack.runtime import Runtime

from .conftest import Run, cancel_all, emptied, wait_until

TRANSACTIONS = "transaction"
ROLLING = "user_trans_amt_last_360min"
_NODE = """
const {{ Kafka, logLevel }} = require("kafkajs");
const kafka = new Kafka({{ brokers: ["{bootstrap}"], logLevel: logLevel.ERROR }});
const consumer = kafka.consumer({{ groupId: "node" }});
let left = {count};
const read = {{
  eachMessage: async ({{ message }}) => {{
    if (left-- > 0) console.log(message.value.toString());
    if (left === 0) process.exit(0);
  }},
}};
consumer
  .connect()
  .then(() => consumer.subscribe({{ topics: ["{topic}"], fromBeginning: true }}))
  .then(() => consumer.run(read));
"""
Read = Callable[["Written", str, int, Path], list[str]]


@dataclass(frozen=True, slots=True)
class Written:
    """A stack whose topics have records."""

    settings: Settings
    bootstrap: str


def kafka_python(stack: Written, topic: str, count: int, _: Path) -> list[str]:
    """The client of the tutorial."""
    consumer = KafkaConsumer(topic, bootstrap_servers=stack.bootstrap, auto_offset_reset="earliest")
    try:
        return [next(consumer).value.decode() for _ in range(count)]
    finally:
        consumer.close()


def java(stack: Written, topic: str, count: int, _: Path) -> list[str]:
    """Kafka's own client."""
    jars = [stack.settings.jars_dir / jar.file_name for jar in jars_of_kafka().kafka]
    port, process = launch_gateway(
        classpath=":".join(map(str, jars)),
        java_path=str(java_home(stack.settings) / "bin" / "java"),
        die_on_exit=True,
        return_proc=True,
    )
    gateway = JavaGateway(gateway_parameters=GatewayParameters(port=port))
    try:
        properties = gateway.jvm.java.util.Properties()
        for name, value in {
            "bootstrap.servers": stack.bootstrap,
            "group.id": "java",
            "auto.offset.reset": "earliest",
            "key.deserializer": "org.apache.kafka.common.serialization.StringDeserializer",
            "value.deserializer": "org.apache.kafka.common.serialization.StringDeserializer",
        }.items():
            properties.setProperty(name, value)
        consumer = gateway.jvm.org.apache.kafka.clients.consumer.KafkaConsumer(properties)
        topics = gateway.jvm.java.util.ArrayList()
        topics.add(topic)
        consumer.subscribe(topics)
        found: list[str] = []
        second = gateway.jvm.java.time.Duration.ofSeconds(1)

        def read() -> bool:
            records = consumer.poll(second).iterator()
            while records.hasNext():
                found.append(records.next().value())
            return len(found) >= count

        wait_until(read, 60, "records")
        consumer.close()
        return found[:count]
    finally:
        gateway.shutdown()
        process.kill()
        process.wait()


def kcat(stack: Written, topic: str, count: int, _: Path) -> list[str]:
    """The client of shell scripts."""
    if shutil.which("kcat") is None:
        pytest.skip("there is no kcat")
    return _lines("kcat", "-C", "-b", stack.bootstrap, "-t", topic, "-c", str(count), "-o", "begin")


def node(stack: Written, topic: str, count: int, folder: Path) -> list[str]:
    """KafkaJS, which supports gzip alone."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("there is no Node")
    done = subprocess.run(
        [npm, "install", "--silent", "--prefix", folder, "kafkajs@2"],
        check=False, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"npm cannot install kafkajs: {done.stderr}")
    script = folder / "read.js"
    script.write_text(_NODE.format(bootstrap=stack.bootstrap, topic=topic, count=count))
    return _lines("node", str(script))


def _lines(*command: str) -> list[str]:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return [line for line in done.stdout.splitlines() if line.startswith("{")]


@pytest.mark.parametrize("read", [kafka_python, java, kcat, node])
def test_a_client_reads_transactions_and_results(
    written: Written, read: Read, tmp_path: Path
) -> None:
    for topic in (TRANSACTIONS, ROLLING):
        rows: list[dict[str, Any]] = [
            json.loads(line) for line in read(written, topic, 100, tmp_path)
        ]
        assert len(rows) == 100
        assert all(isinstance(row["user_id"], int) for row in rows)


@pytest.fixture(scope="module")
def written(running_stack: Runtime, stack_settings: Settings, fraudwatch: Run) -> Iterator[Written]:
    """The stack with the simulator's transactions and the results of a job, and nothing else."""
    stack = emptied(running_stack)
    before = stack.status().simulator.sent
    assert fraudwatch("start", "rolling").returncode == 0
    assert fraudwatch("simulate", "--rate", "200").returncode == 0
    wait_until(lambda: stack.status().simulator.sent > before + 2_000, 60, "transactions")
    assert fraudwatch("simulate", "--off").returncode == 0
    yield Written(stack_settings, stack.bootstrap)
    cancel_all(stack)
