"""Brokers of other releases of Kafka: all requests of the program, on each of them.

By default, the oldest release and the last one before Kafka 4 run. `FRAUDWATCH_TEST_KAFKA=all` runs
every one in `kafka_releases.json`, and `FRAUDWATCH_TEST_KAFKA=3.3.2,4.0.0` these.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Final

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from pipeline import features
from pipeline.config import KafkaSettings
from pipeline.contract import TRANSACTION_TOPIC, RollingRow, Transaction
from pipeline.errors import UnavailableError
from pipeline.features.rolling import rolling
from pipeline.kafka import groups, topics
from pipeline.kafka.client import client_config
from pipeline.kafka.consumer import BatchConsumer
from pipeline.kafka.extent import extent
from pipeline.kafka.read_to_end import read_to_end
from pipeline.kafka.records import decode
from pipeline.model.reading import Since
from pipeline.stack.runtime import Runtime
from tui.panels.catalogue import PANELS
from tui.streams.kafka_source import KafkaSource
from tui.streams.kafka_tails import KafkaTails
from tui.streams.panel_state import sinks_of
from tui.streams.tail_source import TopicSize

from .attaching import Attached, with_transactions
from .conftest import wait_until
from .kafka_releases import Release, fetched, releases, running
from .test_transactions import generated

_WANTED: Final = os.environ.get("FRAUDWATCH_TEST_KAFKA", "")
_TRANSACTIONS: Final = 400
_LETTERS: Final = "letters"
_HEADERS: Final[list[tuple[str, bytes | None]]] = [
    ("sender", b"a test"),
    ("empty", None),
    ("sender", b"again"),
]
# ListOffsets returns the newest timestamp from this version on.
_TELLS_NEWEST: Final = (3, 0)
Result = tuple[int, datetime, int, float]
"""A user, a time, how many transactions, and their mean amount."""


def chosen() -> tuple[Release, ...]:
    every = releases()
    if _WANTED == "all":
        return every
    if _WANTED:
        by_version = {release.version: release for release in every}
        return tuple(by_version[version] for version in _WANTED.split(","))
    return every[0], max(
        (release for release in every if release.numbers < (4,)), key=lambda one: one.numbers
    )


@dataclass(frozen=True, slots=True)
class Company(Attached):
    """An external Kafka of some release.

    Attributes:
        release: Release of its Kafka.
    """

    release: Release


@pytest.fixture(scope="module", params=chosen(), ids=str)
def company(
    request: pytest.FixtureRequest,
    running_stack: Runtime,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Company]:
    release: Release = request.param
    folder = tmp_path_factory.mktemp("kafka")
    try:
        jars = fetched(release)
    except UnavailableError as error:
        # A downloaded file with a wrong checksum is no reason to skip.
        if "could not be downloaded" not in error.message:
            raise
        pytest.skip(f"Kafka {release}: {error.message}")
    rest = running_stack.status().rest
    with (
        running(release, jars, folder) as kafka,
        with_transactions(folder, kafka, rest, _TRANSACTIONS) as found,
    ):
        yield Company(found.kafka, found.fraudwatch, release)


def test_topics_are_made_and_listed(company: Company) -> None:
    listed = {topic["name"]: topic for topic in company.json("topics")}
    assert listed.keys() >= {TRANSACTION_TOPIC, *(one.topic for one in features.BUILT_IN)}
    found = listed[TRANSACTION_TOPIC]
    assert found["records"] == _TRANSACTIONS
    assert len(found["partitions"]) == company.kafka.partitions
    assert {part["earliest"] for part in found["partitions"]} == {0}
    assert sum(part["latest"] for part in found["partitions"]) == _TRANSACTIONS


def test_records_are_printed_with_keys_and_headers(company: Company) -> None:
    topics.create_topics(company.kafka, [_LETTERS], retention_bytes=1 << 28)
    producer = Producer(client_config(company.kafka))
    producer.produce(_LETTERS, b'{"n": 1}', b"key", headers=list(_HEADERS))
    producer.produce(_LETTERS, None, b"gone")
    assert producer.flush(30) == 0
    words = ("tail", _LETTERS, "--from", "beginning", "--no-follow")
    done = company.fraudwatch(*words, "--json")
    assert done.returncode == 0, done.stderr
    found = {record["key"]: record for record in map(json.loads, done.stdout.splitlines())}
    assert found.keys() == {"key", "gone"}
    assert found["key"]["value"] == {"n": 1}
    assert found["key"]["headers"] == [
        {"key": name, "value": None if value is None else value.decode()}
        for name, value in _HEADERS
    ]
    assert found["gone"]["value"] is None
    assert len(company.fraudwatch(*words).stdout.splitlines()) == 1 + len(found)


def test_offsets_and_lag(company: Company) -> None:
    kafka = company.kafka
    ends = {n: place.end for n, place in extent(kafka, TRANSACTION_TOPIC).items()}
    assert sum(ends.values()) == _TRANSACTIONS
    assert sum(map(len, read_to_end(kafka, TRANSACTION_TOPIC))) == _TRANSACTIONS
    assert list(read_to_end(kafka, TRANSACTION_TOPIC, start=Since(2**42))) == []
    with BatchConsumer(kafka, (TRANSACTION_TOPIC,), Since(1)) as consumer:
        read: list[int] = []

        def all_read() -> bool:
            read.append(len(consumer.poll()))
            return sum(read) == _TRANSACTIONS

        wait_until(all_read, 20, "all transactions")
        wait_until(lambda: consumer.poll() == [] and consumer.lag() == 0, 20, "no lag")
    assert _committed(kafka) == {}
    consumer_of_a_job = Consumer(client_config(kafka) | {"group.id": "a job"})
    consumer_of_a_job.commit(
        offsets=[TopicPartition(TRANSACTION_TOPIC, *place) for place in ends.items()],
        asynchronous=False,
    )
    consumer_of_a_job.close()
    assert _committed(kafka) == ends
    groups.forget(kafka, "a job")
    assert _committed(kafka) == {}


def _committed(kafka: KafkaSettings) -> dict[int, int]:
    return groups.committed(kafka, "a job", TRANSACTION_TOPIC)


def test_the_console_reads_it(company: Company) -> None:
    source = KafkaSource(company.kafka, sinks_of(PANELS))
    try:
        found: list[int] = []

        def all_read() -> bool:
            batch = source.poll()
            assert (batch.error, batch.bad, list(batch.quarantined)) == ("", 0, [])
            found.extend(row.user_id for row in batch.transactions)
            return len(found) >= _TRANSACTIONS and batch.lag == 0

        wait_until(all_read, 20, "all transactions in the console")
        assert sorted(found) == sorted(row.user_id for row in generated(_TRANSACTIONS))
    finally:
        source.close()
    tails = KafkaTails(lambda: company.kafka.bootstrap, company.kafka)
    partitions = company.kafka.partitions
    assert TopicSize(TRANSACTION_TOPIC, _TRANSACTIONS, partitions) in tails.topics()


def test_doctor_and_check(company: Company) -> None:
    findings = {one["check"]: one for one in company.json("doctor")}
    for check in ("Kafka", "Topics", "Transactions", "Flink"):
        assert findings[check]["outcome"] == "good", findings[check]
    assert company.json("status")["kafka"] == {"up": True, "bootstrap": company.kafka.bootstrap}
    done = company.fraudwatch("check", "rolling", "--max-quarantined", "0", "--json")
    said = json.loads(done.stdout)
    checks = {(one["check"], one["subject"]): one for one in said["checks"]}
    # The only problem is that the job is stopped.
    assert {key for key, one in checks.items() if one["holds"] is False} == {("job", "rolling")}
    age = checks["age", TRANSACTION_TOPIC]
    if company.release.numbers < _TELLS_NEWEST:
        assert (age["value"], age["said"]) == (
            None,
            "not known: this version of Kafka does not report it",
        )
    else:
        assert 0 <= age["value"] < 3_600


# A job costs as much as all the rest, so by default only the release least like ours has one.
@pytest.mark.parametrize("company", chosen() if _WANTED else chosen()[:1], indirect=True, ids=str)
def test_a_job_reads_it_and_writes_to_it(company: Company) -> None:
    expected = set(_rolling(generated(_TRANSACTIONS)))
    assert len(expected) == _TRANSACTIONS
    started = company.fraudwatch("start", "rolling")
    assert started.returncode == 0, started.stderr
    try:
        # The newest transaction waits for a later one.
        wait_until(lambda: len(_results(company.kafka)) == _TRANSACTIONS - 1, 30, "results")
        assert set(_results(company.kafka)) < expected
    finally:
        stopped = company.fraudwatch("stop", "rolling", "--discard")
    assert stopped.returncode == 0, stopped.stderr


def _rolling(rows: list[Transaction]) -> Iterator[Result]:
    """The feature over transactions that are all within six hours."""
    assert rows[-1].trans_date_trans_time - rows[0].trans_date_trans_time < timedelta(hours=6)
    amounts: defaultdict[int, list[float]] = defaultdict(list)
    for row in rows:
        known = amounts[row.user_id]
        known.append(row.amt)
        yield row.user_id, row.trans_date_trans_time, len(known), round(fmean(known), 6)


def _results(kafka: KafkaSettings) -> list[Result]:
    records = [record for batch in read_to_end(kafka, rolling.topic) for record in batch]
    rows, bad = decode(RollingRow, records)
    assert not bad
    return [
        (
            row.user_id,
            row.trans_date_trans_time,
            row.user_trans_count_last_360min,
            round(row.user_mean_trans_amt_last_360min, 6),
        )
        for row in rows
    ]
