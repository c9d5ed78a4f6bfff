"""Random arrivals through real Flink and `verify`: right is never ✗, and wrong is never ✓.

The kinds are those of `tests/unit/parity/test_arrivals.py`, where a model replaces Flink and
thousands of runs are quick. Here one job of each kind of feature runs through all of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from random import Random
from typing import Any, Final

import msgspec
from confluent_kafka import Producer

from pipeline import contract
from pipeline.contract import Transaction
from pipeline.kafka.read_to_end import read_to_end
from pipeline.parity.report import Parity
from pipeline.proof import Outcome
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator
from pipeline.stack.runtime import Runtime
from tests.streams.poison import poisons

from .conftest import in_order, wait_until

# For a long run, ARRIVALS=10000 and ARRIVALS_SEED=7.
ARRIVALS: Final = int(os.environ.get("ARRIVALS", "1500"))
SEED: Final = int(os.environ.get("ARRIVALS_SEED", "1"))
FEATURES: Final = ("rolling", "tumbling", "hopping", "cumulating")
PARTITIONS: Final = 4
START: Final = datetime(2022, 1, 1)
# After all random times, so that every window ends.
END: Final = datetime(2025, 6, 1)
VALID: Final = Generator(seed=3, start=START, users=1).next(60.0)


@dataclass(frozen=True, slots=True)
class Record:
    """A record: a transaction, or an invalid one."""

    partition: int
    key: bytes
    value: bytes | None


def transaction(random: Random, time: datetime, user: int) -> Transaction:
    amount = random.choice((random.randrange(100, 90_000) / 100, 0.01, 92_445_516.64))
    return msgspec.structs.replace(
        VALID, trans_date_trans_time=time, user_id=user, amt=amount, trans_num=f"{random.random()}"
    )


@dataclass
class Arrivals:
    """An endless stream that changes its disorder at every turn.

    Args:
        random: Source of all random decisions.
        time: The newest event time so far.
    """

    random: Random
    time: datetime = START

    def turn(self) -> Iterator[Record]:
        """Records of one kind of disorder."""
        random = self.random
        users = random.choice((2, 5, 20))
        partitions = random.sample(range(PARTITIONS), random.choice((1, 2, 4)))
        # The step of event time from one record to the next, and the disorder around it.
        step = random.choice((1, 60, 1_200, 7_200))
        disorder = random.choice((0, 10, 600, 10_000, 200_000))
        keyed = random.random() < 0.8
        bad = list(poisons(VALID))
        for _ in range(random.choice((20, 60, 150))):
            self.time += timedelta(seconds=random.randrange(step))
            user = random.randrange(users)
            at = self.time - timedelta(seconds=random.randrange(disorder + 1))
            partition = partitions[(user if keyed else random.randrange(4)) % len(partitions)]
            row = transaction(random, max(START, at), user)
            record = Record(partition, encode.key(row), encode.value(row))
            yield from [record] * (2 if random.random() < 0.03 else 1)
            if random.random() < 0.03:
                _, value, _ = random.choice(bad)
                yield Record(random.randrange(PARTITIONS), b"", value)

    def orderly(self) -> Iterator[Record]:
        """Records of one partition, in the order of their times."""
        for number in range(100):
            self.time += timedelta(minutes=20)
            row = transaction(self.random, self.time, number % 5)
            yield Record(0, encode.key(row), encode.value(row))

    def last(self) -> Iterator[Record]:
        """Records that end every window, in every partition."""
        for number in range(PARTITIONS):
            row = transaction(self.random, END, 1_000 + number)
            yield Record(number, encode.key(row), encode.value(row))


def produce(producer: Producer, topic: str, records: Sequence[Record]) -> None:
    for record in records:
        producer.produce(topic, record.value, record.key, partition=record.partition)
    assert producer.flush(60) == 0


def spoil(stack: Runtime, producer: Producer, name: str, random: Random) -> None:
    """Write a result again, with another count."""
    (feature,) = stack.features.find([name])
    records = list(chain.from_iterable(read_to_end(stack.kafka, feature.topic)))
    record = random.choice(records)
    _, count = feature.measures
    row: dict[str, Any] = json.loads(record.value or b"")
    value = json.dumps(row | {count: row[count] + 40_000}).encode()
    produce(producer, feature.topic, [Record(record.partition, record.key or b"", value)])


def assert_not_accused(stack: Runtime, seen: str) -> dict[str, Parity]:
    parities = {name: stack.verify(name) for name in FEATURES}
    for name, parity in parities.items():
        assert parity.outcome is not Outcome.WRONG, (SEED, seen, name, parity)
    return parities


def test_verify_is_right_whatever_arrives(stack: Runtime) -> None:
    for name in FEATURES:
        stack.start_job(name)
    random = Random(SEED)
    stream = Arrivals(random)
    producer = Producer(in_order(stack.kafka.bootstrap) | {"log_level": 0})
    produce(producer, contract.TRANSACTION_TOPIC, list(stream.orderly()))

    def proved() -> bool:
        parities = assert_not_accused(stack, "in order")
        return all(parity.proved and parity.undecided == 0 for parity in parities.values())

    wait_until(proved, 60, "a proof of what arrives in order")
    sent = looks = 0
    while sent < ARRIVALS:
        records = list(stream.turn())
        produce(producer, contract.TRANSACTION_TOPIC, records)
        sent += len(records)
        # Each call reads everything again, so a long run calls it less often.
        if sent // max(500, ARRIVALS // 10) > looks:
            looks += 1
            assert_not_accused(stack, f"after {sent} records")
    produce(producer, contract.TRANSACTION_TOPIC, list(stream.last()))

    def final() -> bool:
        """Whether a row of the last time has arrived, after which all before it are final."""
        parities = assert_not_accused(stack, "at the end")
        return all(parity.equal for parity in parities.values())

    wait_until(final, 60, "results of each feature")
    for name in FEATURES:
        before = stack.verify(name)
        spoil(stack, producer, name, random)
        after = stack.verify(name)
        assert not after.proved, (SEED, name, after)
        # Beside a late row, `verify` may not know which of two results is wrong.
        noticed = after.undecided > before.undecided or after.equal < before.equal
        assert noticed or after.outcome is Outcome.WRONG, (SEED, name, after)
