"""What `verify` says on the real thing: right, wrong, or not judged, and why."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import chain

import msgspec
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from pipeline import contract
from pipeline.contract import Transaction
from pipeline.kafka.extent import extent
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime

from .conftest import Run, wait_until

START = datetime(2024, 3, 1)
TEMPLATE = Generator(seed=3, start=START, users=1).next(60.0)


def tx(seconds: float, user: int, amount: float) -> Transaction:
    return msgspec.structs.replace(
        TEMPLATE,
        trans_date_trans_time=START + timedelta(seconds=seconds),
        user_id=user,
        amt=amount,
    )


def produce(producer: Producer, rows: Iterable[Transaction], partition: int) -> None:
    for row in rows:
        producer.produce(
            contract.TRANSACTION_TOPIC, encode.value(row), encode.key(row), partition=partition
        )
    assert producer.flush(60) == 0


def transactional(stack: Runtime, name: str) -> Producer:
    producer = Producer({"bootstrap.servers": stack.kafka.bootstrap, "transactional.id": name})
    producer.init_transactions(60)
    return producer


def test_transactions_of_kafka_bad_partitions_and_large_amounts(
    stack: Runtime, fraudwatch: Run
) -> None:
    """One job through all steps, none of which may wait in vain or report a wrong result."""
    stack.start_job("rolling")
    nothing = fraudwatch("verify", "rolling")
    assert (nothing.returncode, nothing.stdout.splitlines()[1][0]) == (6, "?")

    # Aborted, then committed with nothing after it but Kafka's marker.
    producer = transactional(stack, "first")
    producer.begin_transaction()
    produce(producer, [tx(n, 7, 100.0) for n in range(3)], 0)
    producer.abort_transaction(60)
    producer.begin_transaction()
    produce(producer, [tx(60 * n, 7, 1.0 + n) for n in range(120)], 0)
    producer.commit_transaction(60)
    # A partition with nothing but an aborted transaction.
    producer.begin_transaction()
    produce(producer, [tx(0, 8, 100.0)], 1)
    producer.abort_transaction(60)
    ranges = extent(stack.kafka, contract.TRANSACTION_TOPIC)
    assert {number: place.end for number, place in ranges.items()} == {0: 124}
    parity = stack.verify("rolling")
    assert parity.outcome is Outcome.PROVED, parity
    assert (parity.transactions, parity.unread, parity.late) == (120, 0, 0)
    read = fraudwatch("tail", contract.TRANSACTION_TOPIC, "--from", "beginning", "--no-follow")
    assert (read.returncode, len(read.stdout.splitlines())) == (0, 121)

    # An open transaction is no lag, and the records behind it are not visible yet.
    producer.begin_transaction()
    produce(producer, [tx(7_200, 7, 5.0)], 0)
    assert stack.verify("rolling").outcome is Outcome.PROVED
    producer.abort_transaction(60)

    # A large amount that enters a window and leaves it.
    plain = Producer({"bootstrap.servers": stack.kafka.bootstrap})
    minutes = ((0, 3.10), (60, 92_445_516.64), (120, 7.77), (180, 12.99), (28_000, 1.01))
    produce(plain, [tx(86_400 + at, 9, amount) for at, amount in minutes], 0)
    produce(plain, [tx(86_400 + 32_400, 10, 1.0)], 0)
    parity = stack.verify("rolling")
    assert parity.outcome is Outcome.PROVED, parity

    # An unexpected result is wrong, even if another partition gets nothing but invalid records.
    sink = stack.features.find(["rolling"])[0].topic
    (record, *_) = chain.from_iterable(read_to_end(stack.kafka, sink))
    right = json.loads(record.value or b"")
    for spoiled in (
        {"user_trans_count_last_360min": 99},
        {"user_mean_trans_amt_last_360min": "NaN"},
        {"user_mean_trans_amt_last_360min": "-Infinity"},
    ):
        plain.produce(sink, json.dumps(right | spoiled).encode(), record.key)
    plain.produce(contract.TRANSACTION_TOPIC, b"nonsense", partition=3)
    assert plain.flush(60) == 0
    wrong = fraudwatch("verify", "rolling", "--json")
    (report,) = json.loads(wrong.stdout)
    assert (wrong.returncode, report["outcome"], report["different"]) == (1, "wrong", 3)
    assert (report["duplicates"], report["largest_relative_error"] < 1e-9) == (0, True)


def test_new_partitions_and_a_job_that_is_stopped(stack: Runtime, fraudwatch: Run) -> None:
    stack.start_job("tumbling")
    plain = Producer({"bootstrap.servers": stack.kafka.bootstrap})
    produce(plain, [tx(60 * n, n % 3, 2.0) for n in range(800)], 0)
    assert stack.verify("tumbling").outcome is Outcome.PROVED
    admin = AdminClient({"bootstrap.servers": stack.kafka.bootstrap})
    (added,) = admin.create_partitions([NewPartitions(contract.TRANSACTION_TOPIC, 6)]).values()
    added.result(60)
    wait_until(
        lambda: 5 in admin.list_topics(timeout=10).topics[contract.TRANSACTION_TOPIC].partitions,
        60,
        "the new partitions",
    )
    # A producer that has not cached the number of partitions.
    plain = Producer({"bootstrap.servers": stack.kafka.bootstrap})
    produce(plain, [tx(60 * 800 + 60 * n, 77, 3.0) for n in range(800)], 5)
    parity = stack.verify("tumbling")
    assert parity.outcome is not Outcome.WRONG, parity
    assert (parity.transactions, parity.unread) == (1_600, 0)

    stack.stop_job("tumbling")
    stopped = fraudwatch("check", "tumbling", "--verify", "--json")
    verify = next(c for c in json.loads(stopped.stdout)["checks"] if c["check"] == "verify")
    assert (verify["holds"], verify["open"]) == (None, True)
    assert "does not run" in verify["said"]
    done = fraudwatch("verify", "tumbling", "--json")
    (report,) = json.loads(done.stdout)
    assert (done.returncode, report["proved"], report["outcome"]) == (6, False, "not judged")
