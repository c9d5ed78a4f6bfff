"""Kafkas without some requests: of other vendors, behind gateways, or older than any run here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import pytest
from confluent_kafka import KafkaError

from pipeline import config
from pipeline.config import KafkaSettings
from pipeline.contract import TRANSACTION_TOPIC
from pipeline.errors import UnavailableError
from pipeline.kafka import groups, newest, topics
from pipeline.kafka.client import Probe, unavailable
from pipeline.kafka.given import OTHER_VERSION
from pipeline.kafka.producer import TopicProducer
from pipeline.kafka.read_to_end import read_to_end
from pipeline.model.reading import Reset, Since
from pipeline.stack.local import broker, cluster
from pipeline.stack.local.java import java_home
from pipeline.stack.local.ports import LOOPBACK, free_port, listening
from pipeline.stack.runtime import Runtime
from tui.panels.catalogue import PANELS
from tui.streams.kafka_source import KafkaSource
from tui.streams.kafka_tails import KafkaTails
from tui.streams.panel_state import sinks_of
from tui.streams.tail_source import TopicSize

from .attaching import Attached, with_transactions
from .conftest import stack_environment, wait_until
from .older_kafka import Api, Newest, OlderKafka
from .processes import started, wait_while_alive

_TRANSACTIONS: Final = 200


@dataclass(frozen=True, slots=True)
class Company(Attached):
    """A Kafka whose requests can be hidden.

    Attributes:
        older: Hides them.
    """

    older: OlderKafka


@pytest.fixture(scope="module")
def company(running_stack: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    folder = tmp_path_factory.mktemp("older")
    settings = config.load(environment=stack_environment(folder))
    older = OlderKafka()
    port = free_port()
    older.target = port
    spec = broker.broker(
        settings,
        java_home(settings),
        cluster.wheel_lib(),
        port,
        free_port(),
        # Clients reconnect to the address that a broker advertises.
        more={"advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{older.port}"},
    )
    with started([spec]) as processes:
        wait_while_alive(processes, lambda: listening(port), 60, "the broker")
        kafka = KafkaSettings(bootstrap=f"{LOOPBACK}:{older.port}")
        rest = running_stack.status().rest
        with with_transactions(folder, kafka, rest, _TRANSACTIONS) as found:
            yield Company(found.kafka, found.fraudwatch, older)
    older.close()


# As Redpanda reports: no newest timestamp, no topic ids, fewer requests.
_REDPANDA: Final[Newest] = {
    Api.LIST_OFFSETS: 4,
    Api.METADATA: 7,
    Api.OFFSET_FETCH: 7,
    Api.DESCRIBE_CLUSTER: None,
    Api.DESCRIBE_TOPIC_PARTITIONS: None,
}
_NO_NEWEST: Final = (
    _REDPANDA,
    {Api.LIST_OFFSETS: 6},
    {Api.LIST_OFFSETS: 1},
)
_COSTS_NOTHING: Final = (
    {Api.METADATA: 4},
    {Api.OFFSET_FETCH: 1},
    {Api.DESCRIBE_CONFIGS: None},
    {Api.DESCRIBE_CLUSTER: None, Api.DESCRIBE_TOPIC_PARTITIONS: None},
    {Api.LIST_GROUPS: None, Api.DESCRIBE_LOG_DIRS: None},
)
_NO_OFFSETS: Final[Newest] = {Api.LIST_OFFSETS: None}


def _said(newest_of: Newest) -> str:
    return ",".join(f"{api.name}<={version}" for api, version in newest_of.items())


@pytest.fixture
def less(request: pytest.FixtureRequest, company: Company) -> Iterator[Newest]:
    """A Kafka without some requests; no client sent a hidden one."""
    lacks: Newest = request.param
    with company.older.limited(lacks):
        yield lacks
        asked = set(company.older.asked)
    assert asked, "no client connected"
    assert not {(key, version) for key, version in asked if _hidden(lacks, key, version)}


def _hidden(lacks: Newest, key: int, version: int) -> bool:
    if key not in lacks:
        return False
    most = lacks[Api(key)]
    return most is None or version > most


@pytest.mark.parametrize("less", (*_NO_NEWEST, *_COSTS_NOTHING), indirect=True, ids=_said)
def test_everything_but_the_newest_timestamp_is_there(company: Company, less: Newest) -> None:
    kafka = company.kafka
    Probe(kafka).ask(20)
    listed = {topic.name: topic.offsets for topic in topics.list_topics(kafka)}
    assert listed[TRANSACTION_TOPIC] == _TRANSACTIONS
    size = TopicSize(TRANSACTION_TOPIC, _TRANSACTIONS, kafka.partitions)
    assert size in KafkaTails(lambda: kafka.bootstrap, kafka).topics()
    for start in (Since(1), Reset.EARLIEST):
        batches = read_to_end(kafka, TRANSACTION_TOPIC, start=start)
        assert sum(map(len, batches)) == _TRANSACTIONS
    assert groups.committed(kafka, "nobody", TRANSACTION_TOPIC) == {}
    assert not topics.is_compacted(kafka, TRANSACTION_TOPIC)
    assert _read_by_the_console(kafka) == _TRANSACTIONS
    (age,) = newest.newest_timestamps(kafka, [TRANSACTION_TOPIC]).values()
    assert (age is OTHER_VERSION) is (Api.LIST_OFFSETS in less)
    assert age is OTHER_VERSION or (isinstance(age, float) and age > 0)


def _read_by_the_console(kafka: KafkaSettings) -> int:
    source = KafkaSource(kafka, sinks_of(PANELS))
    try:
        read = []

        def all_read() -> bool:
            batch = source.poll()
            assert not batch.error
            read.append(len(batch.transactions))
            return sum(read) >= _TRANSACTIONS and batch.lag == 0

        wait_until(all_read, 20, "all transactions in the console")
        return sum(read)
    finally:
        source.close()


@pytest.mark.parametrize("less", [_REDPANDA], indirect=True, ids=["Redpanda"])
def test_no_command_is_lost_for_a_figure(company: Company, less: Newest) -> None:
    listed = {topic["name"]: topic["records"] for topic in company.json("topics")}
    assert listed[TRANSACTION_TOPIC] == _TRANSACTIONS
    tailed = company.fraudwatch("tail", TRANSACTION_TOPIC, "--from", "beginning", "--no-follow")
    assert tailed.returncode == 0, tailed.stderr
    assert len(tailed.stdout.splitlines()) == 1 + _TRANSACTIONS
    assert company.json("status")["kafka"]["up"] is True
    assert {one["outcome"] for one in company.json("doctor")} <= {"good", "skipped", "warning"}
    checks = _checks(company)
    assert checks["stack", ""]["holds"] is True
    assert checks["transactions", ""]["holds"] is True
    assert checks["quarantined", ""]["value"] == 0
    age = checks["age", TRANSACTION_TOPIC]
    assert (age["value"], age["holds"]) == (None, False)
    assert age["said"].startswith("not known: this version of Kafka does not report it")


@pytest.mark.parametrize("less", [_NO_OFFSETS], indirect=True, ids=["no offsets"])
def test_without_offsets_topics_are_listed_and_reading_says_why_it_cannot(
    company: Company, less: Newest
) -> None:
    listed = {topic["name"]: topic for topic in company.json("topics")}
    found = listed[TRANSACTION_TOPIC]
    assert found["records"] is None
    assert found["partitions"] == [
        {"partition": number, "earliest": None, "latest": None}
        for number in range(company.kafka.partitions)
    ]
    table = company.fraudwatch("topics").stdout.splitlines()
    assert [TRANSACTION_TOPIC, "–", str(company.kafka.partitions)] in map(str.split, table)
    assert company.json("status")["kafka"]["up"] is True
    tailed = company.fraudwatch("tail", TRANSACTION_TOPIC, "--no-follow")
    assert tailed.returncode == UnavailableError.exit_code
    why = unavailable(company.kafka, KafkaError(KafkaError._UNSUPPORTED_FEATURE)).message
    assert why in tailed.stderr
    doctor = company.fraudwatch("doctor", "--json")
    findings = {one["check"]: one for one in json.loads(doctor.stdout)}
    assert findings["Kafka"]["outcome"] == findings["Topics"]["outcome"] == "good"
    assert "number of offsets unknown" in findings["Kafka"]["found"]
    assert why in findings["Transactions"]["found"]
    source = KafkaSource(company.kafka, sinks_of(PANELS))
    try:
        wait_until(lambda: source.poll().error, 20, "the reason")
    finally:
        source.close()
    size = TopicSize(TRANSACTION_TOPIC, None, company.kafka.partitions)
    assert size in KafkaTails(lambda: company.kafka.bootstrap, company.kafka).topics()


@pytest.mark.parametrize("less", [{Api.INIT_PRODUCER_ID: None}], indirect=True, ids=_said)
def test_a_producer_says_why_it_cannot_send_each_record_once(
    company: Company, less: Newest
) -> None:
    with (
        pytest.raises(UnavailableError, match="cannot be used"),
        TopicProducer(company.kafka, "user_trans_amt_today_cumulating") as producer,
    ):
        producer.send(b"key", b"value")


def _checks(company: Company) -> dict[tuple[str, str], dict[str, Any]]:
    done = company.fraudwatch("check", "--max-quarantined", "0", "--max-age", "600", "--json")
    assert done.returncode == 1, done.stderr
    return {(one["check"], one["subject"]): one for one in json.loads(done.stdout)["checks"]}
