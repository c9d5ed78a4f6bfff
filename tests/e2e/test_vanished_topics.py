"""Somebody deletes topics that jobs read and write, and does not create them again."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any, Final

import msgspec
from confluent_kafka import Producer

from pipeline.config import Settings
from pipeline.contract import Transaction
from pipeline.kafka import topics
from pipeline.model.simulator import SimulatorCommand
from pipeline.proof import Outcome
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from .attaching import attached
from .conftest import assert_right, running, wait_until

JOB: Final = "rolling"
SOURCE: Final = "transaction"
SINK: Final = "user_trans_amt_last_360min"


def records(runtime: Runtime, topic: str) -> int:
    held = {info.name: info.offsets for info in topics.list_topics(runtime.kafka)}
    return held.get(topic) or 0


def test_a_sandbox_creates_them_again(stack: Runtime, stack_settings: Settings) -> None:
    stack.start_job(JOB)
    stack.simulate(SimulatorCommand(running=True, rate=200))
    try:
        wait_until(lambda: records(stack, SINK) > 500, 60, "results")
        topics.delete_topics(stack.kafka, [SOURCE, SINK])
        wait_until(lambda: records(stack, SOURCE), 60, "transactions again")
        wait_until(lambda: records(stack, SINK) > 200, 150, "results again")
        wait_until(lambda: JOB in running(stack.status()), 30, "the job")
    finally:
        stack.simulate(SimulatorCommand(running=False))
    log = (stack_settings.logs_dir / "supervisor.log").read_text()
    assert f"created again: {SOURCE}, {SINK}\n" in log
    width = {info.name: info.width for info in topics.list_topics(stack.kafka)}
    assert width[SOURCE] == width[SINK] == stack_settings.kafka.partitions
    parity = stack.verify(JOB)
    # The job's state is of transactions that are gone: the feature is not to blame.
    assert parity.different + parity.missing > 0
    assert parity.outcome is Outcome.NOT_JUDGED
    assert f"{SOURCE} and {SINK} were deleted and created again" in parity.reasons[0]

    stack.stop_job(JOB, discard=True)
    topics.delete_topics(stack.kafka, [SINK])
    stack.start_job(JOB)
    assert_right(stack.verify(JOB), of=records(stack, SOURCE))


def flagged_rows(count: int) -> list[Transaction]:
    generator = Generator(7, users=1)
    return [msgspec.structs.replace(generator.next(30.0), is_fraud=1) for _ in range(count)]


def test_a_job_goes_on_at_its_offset_of_a_topic_that_was_recreated(
    stack: Runtime, stack_settings: Settings
) -> None:
    """With fewer records than it had read it begins with the first one, else it skips those."""
    sink = stack.features.find(["flagged"])[0].topic
    kafka, retention = stack.kafka, stack_settings.retention_mib * 1024 * 1024
    producer = Producer({"bootstrap.servers": kafka.bootstrap})

    def produce(count: int) -> None:
        for row in flagged_rows(count):
            producer.produce(SOURCE, encode.value(row), encode.key(row), partition=0)
        assert producer.flush(60) == 0

    def has(count: int) -> bool:
        return records(stack, sink) >= count

    expected = 0
    for sent, read in ((50, 50), (30, 30), (100, 70)):
        topics.delete_topics(kafka, [SOURCE])
        topics.create_topics(kafka, [SOURCE], retention_bytes=retention)
        produce(sent)
        stack.start_job("flagged")
        expected += read
        wait_until(partial(has, expected), 60, "results")
        stack.stop_job("flagged")
        assert records(stack, sink) == expected


def test_an_external_kafka_gets_no_topic_and_the_job_says_which_is_gone(
    stack: Runtime, tmp_path: Path
) -> None:
    # A topic of its own: the sandbox beside it must not take it for one of its jobs'.
    prefix = "external."
    fraudwatch = attached(tmp_path, stack.bootstrap, stack.status().rest, prefix=prefix)
    done = fraudwatch("topics", "--create")
    assert done.returncode == 0, done.stderr
    try:
        done = fraudwatch("start", JOB)
        assert done.returncode == 0, done.stderr

        def status() -> Any:
            jobs = json.loads(fraudwatch("jobs", "--json").stdout)
            return next(job for job in jobs if job["name"] == JOB)

        topics.delete_topics(stack.kafka, [prefix + SOURCE])
        wait_until(lambda: status()["failure"], 60, "the failure of the job")
        assert f"Kafka has no topic {prefix}{SOURCE} any more" in status()["failure"]
        said = fraudwatch("doctor").stdout
        assert f"{JOB} does not run: Kafka has no topic {prefix}{SOURCE} any more" in said
        assert prefix + SOURCE not in topics.topic_names(stack.kafka)
    finally:
        fraudwatch("stop", JOB, "--discard")
        fraudwatch("down")
        held = [name for name in topics.topic_names(stack.kafka) if name.startswith(prefix)]
        topics.delete_topics(stack.kafka, held)
