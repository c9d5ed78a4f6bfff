"""Invalid records on the real cluster: jobs run on, results are right, and every one is counted."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from itertools import chain, islice

import msgspec
from confluent_kafka import Producer

from pipeline import contract, features
from pipeline.config import KafkaSettings
from pipeline.contract import Transaction
from pipeline.model.jobs import JobState
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime
from tests.streams.poison import oddities, poisons, too_large

from .conftest import Run, in_order

USERS = 20
TRANSACTIONS = 600


def test_poison_harms_nothing(stack: Runtime, fraudwatch: Run) -> None:
    generator = Generator(7, users=USERS)
    rows = [generator.next(300.0) for _ in range(TRANSACTIONS)]
    bad = [(value, kind) for _, value, kind in chain(poisons(rows[100]), too_large(rows[100]))]
    # Before the jobs start: an idle partition does not hold the watermark back, and records that
    # arrive on it after the others may rightly be late.
    _send(stack.kafka, rows, [value for value, _ in bad])
    for feature in features.BUILT_IN:
        stack.start_job(feature.name)

    listed = fraudwatch("quarantine", "--json")
    assert listed.returncode == 0, listed.stderr
    report = json.loads(listed.stdout)
    kinds = Counter(kind.value for _, kind in bad)
    assert report["kinds"] == dict(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))
    assert report["total"] == len(bad) == len(report["records"])
    places = {(record["partition"], record["offset"]) for record in report["records"]}
    assert len(places) == len(bad)

    proofs = {feature.name: stack.verify(feature.name) for feature in features.BUILT_IN}
    unusual = len(list(oddities(rows[0])))
    for name, parity in proofs.items():
        assert parity.proved, parity
        assert parity.transactions == TRANSACTIONS + unusual, name
        assert parity.bad == len(bad), name
        # Some valid ones are days old; had an invalid one advanced the watermark, hundreds were
        # late.
        assert parity.late <= unusual, f"{name}: something ran ahead of the watermark"
        assert parity.equal > 0, name
    assert {job.state for job in stack.status().jobs} == {JobState.RUNNING}


def _send(kafka: KafkaSettings, rows: list[Transaction], bad: list[bytes | None]) -> None:
    """Alternately valid and invalid, in every partition; invalid ones with keys and without."""
    producer = Producer(in_order(kafka.bootstrap) | {"partitioner": "murmur2_random"})
    poison = iter(bad)
    for number, row in enumerate(rows):
        producer.produce(contract.TRANSACTION_TOPIC, encode.value(row), encode.key(row))
        if number % 5 == 0:
            for value in islice(poison, 1):
                key = encode.key(row) if number % 2 else None
                producer.produce(contract.TRANSACTION_TOPIC, value, key)
    assert next(poison, ...) is ..., "not all of the poison was sent"
    later = rows[-1].trans_date_trans_time + timedelta(hours=1)
    last = msgspec.structs.replace(rows[-1], trans_date_trans_time=later)
    for _, odd in oddities(last):
        producer.produce(contract.TRANSACTION_TOPIC, odd, encode.key(last))
    assert producer.flush(30) == 0
