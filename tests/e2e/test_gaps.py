"""Offsets without a record, on the real thing: what `verify` and the others make of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain, count

import msgspec
import pytest

from pipeline.config import Settings
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.topics import list_topics
from pipeline.proof import Outcome
from pipeline.simulator import encode
from pipeline.stack.runtime import Runtime

from .conftest import wait_until
from .own_topics import OwnTopics, own_topics
from .test_verify_outcomes import tx


@pytest.fixture
def own(stack: Runtime, stack_settings: Settings) -> Iterator[OwnTopics]:
    with own_topics(stack_settings, "gaps-") as found:
        yield found


def test_topics_with_nothing_but_control_records(own: OwnTopics) -> None:
    """An aborted transaction of Kafka in every partition of the source and of the sink."""
    own.runtime.start_job("rolling")
    topics = [own.transactions, own.sink("rolling")]
    producer = own.producer(transactional_id="gaps")
    producer.init_transactions(60)
    producer.begin_transaction()
    row = tx(0, 7, 1.0)
    for topic in topics:
        for partition in range(4):
            producer.produce(topic, encode.value(row), encode.key(row), partition=partition)
    # Otherwise nothing is written of what is aborted.
    assert producer.flush(60) == 0
    producer.abort_transaction(60)
    found = {each.name: each.partitions for each in list_topics(own.runtime.kafka)}
    assert {part.latest for topic in topics for part in found[topic]} == {2}
    done = own.run("tail", topics[0], "--from", "beginning", "--no-follow", "--json")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    # What is asked for is judged, and nothing but that: 6, as of `verify`.
    done = own.run("check", "rolling", "--verify", "--json")
    assert done.returncode == 6, done.stderr
    checks = json.loads(done.stdout)["checks"]
    # Kafka counts what nobody sees.
    ages = {each["subject"]: each["said"] for each in checks if each["check"] == "age"}
    assert ages == dict.fromkeys(topics, "no record")
    found_by = {each["check"]: each for each in checks}
    assert found_by["verify"]["said"].startswith("not judged: there is no result to verify ")
    assert (found_by["verify"]["open"], found_by["transactions"]["holds"]) == (True, True)
    parity = own.runtime.verify("rolling")
    assert (parity.transactions, parity.unread, parity.outcome) == (0, 0, Outcome.NOT_JUDGED)


def test_records_that_kafkas_cleaner_has_removed_accuse_nobody(own: OwnTopics) -> None:
    topics = [own.transactions, own.sink("flagged")]
    for topic in topics:
        own.configure(
            topic,
            cleanup_policy="compact",
            segment_ms="100",
            min_cleanable_dirty_ratio="0.01",
            delete_retention_ms="100",
        )
    own.runtime.start_job("flagged")
    producer, numbers = own.producer(), count()

    def cleaned() -> bool:
        # A segment is closed by the first record after its time.
        for number in range(8):
            row = msgspec.structs.replace(tx(60.0 * next(numbers), number % 2, 1.0), is_fraud=1)
            producer.produce(own.transactions, encode.value(row), encode.key(row), partition=0)
        assert producer.flush(60) == 0
        held = [list(chain.from_iterable(read_to_end(own.runtime.kafka, t))) for t in topics]
        return all(records and len(records) <= records[-1].offset for records in held)

    with own.broker_with(log_cleaner_backoff_ms="100"):
        wait_until(cleaned, 60, "Kafka's cleaner")
    done = own.run("verify", "flagged", "--json")
    (report,) = json.loads(done.stdout)
    assert (done.returncode, report["outcome"]) == (6, "not judged"), report
    named = f"Kafka compacts {topics[0]} and {topics[1]}, and records are gone"
    assert report["reasons"][0] == named
