"""Streams in Avro on the real broker, the real cluster and a real schema registry."""

from __future__ import annotations

import json
import os
import ssl
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any, Final

import fastavro
import httpx
import msgspec
import pytest
import trustme
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroSerializer
from confluent_kafka.serialization import MessageField, SerializationContext

from pipeline.config import RegistrySettings, Secret, Settings
from pipeline.formats import registry_client
from pipeline.formats.avro.columns import schema
from pipeline.formats.json.flink_json import row_reader
from pipeline.kafka.read_to_end import read_to_end
from pipeline.model.reading import Reset
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.avro_sources import transfers, visits
from tui.streams.kafka_tails import KafkaTails
from tui.streams.record_view import RecordFields, RecordView

from . import registry
from .attaching import attached
from .conftest import Run, command, emptied, in_order, own_features, wait_until
from .proxy import Proxy

OWN: Final = streams.FOLDER / "avro_sources.py"
START: Final = datetime(2024, 3, 1, 9)
TRANSFERS: Final = 1_500
VISITS: Final = 500
ACCOUNTS: Final = ("DE89 3704", "IBAN", "ü", 'say "no"')
SECRET: Final = "canary-p'a\"s:s"
Keyed = tuple[bytes, bytes | None]

_FIELDS: Final[list[dict[str, Any]]] = [
    # In another order than the columns, and with one that is not declared.
    {"name": "account", "type": "string"},
    {"name": "booked_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {
        "name": "amount",
        "type": {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2},
    },
    {"name": "country", "type": ["null", "string"], "default": None},
    {"name": "chargeback", "type": ["boolean", "null"]},
    {"name": "installments", "type": "int"},
    {"name": "items", "type": "int"},
    {"name": "more", "type": {"type": "map", "values": {"type": "array", "items": "string"}}},
    {"name": "score", "type": ["null", "float", "long"]},
    {"name": "due", "type": ["null", {"type": "int", "logicalType": "date"}]},
    {
        "name": "settled_at",
        "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
    },
]
_CHANNEL: Final = {"name": "channel", "type": ["null", "string"], "default": None}


def _schema(*more: dict[str, Any]) -> str:
    named = {"type": "record", "name": "Transfer", "namespace": "org.example"}
    return json.dumps({**named, "fields": [*_FIELDS, *more]})


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack with a schema registry.

    Attributes:
        runtime: The stack.
        settings: Its settings.
        url: Address of the registry.
        fraudwatch: Runs commands.
    """

    runtime: Runtime
    settings: Settings
    url: str
    fraudwatch: Run

    def encoded(self, rows: Iterable[dict[str, Any]], *more: dict[str, Any]) -> Iterator[Keyed]:
        """Encode rows as the official client does, which registers their schema."""
        registry = registry_client.python(RegistrySettings(url=self.url))
        serializer = AvroSerializer(SchemaRegistryClient(registry), _schema(*more))
        context = SerializationContext(transfers.topic, MessageField.VALUE)
        for row in rows:
            yield row["account"].encode(), serializer(row, context)

    def send(self, topic: str, records: Iterable[Keyed]) -> None:
        bootstrap = self.runtime.kafka.bootstrap
        producer = Producer(in_order(bootstrap) | {"partitioner": "murmur2_random"})
        for key, value in records:
            producer.produce(topic, value, key)
        assert producer.flush(60) == 0

    def await_all(self) -> None:
        """Wait until every record so far is in the sink of `avro_as_read`."""
        sent = sum(map(len, read_to_end(self.runtime.kafka, transfers.topic)))
        wait_until(lambda: len(self.rows("avro_as_read")) >= sent, 60, "the records in the sink")

    def rows(self, name: str) -> list[Any]:
        """The rows of a feature."""
        feature = self.runtime.features.find([name])[0]
        read = row_reader(feature.columns)
        kafka = self.runtime.kafka
        return [read(r.value) for r in chain.from_iterable(read_to_end(kafka, feature.topic))]


def generated(count: int, start: datetime, seed: int, **more: object) -> Iterator[dict[str, Any]]:
    random = Random(seed)
    time = start
    for number in range(count):
        time += timedelta(milliseconds=random.randrange(8_000))
        booked = time - timedelta(seconds=random.randrange(20))
        yield {
            "account": random.choice(ACCOUNTS),
            "booked_at": booked.replace(tzinfo=UTC),
            "amount": Decimal(random.randrange(-5_000, 5_000_000)) / 100,
            "country": random.choice(["DE", "FR", None]),
            "chargeback": random.choice([True, False, None]),
            # Beyond 16 bits, Java cuts off the upper ones.
            "installments": random.choice([1, 12, 2**15 - 1, 2**15, -(2**20) - 7]),
            "items": number,
            "more": {"than": ["is", "declared"]},
            "score": random.choice([None, 0.25, number]),
            "due": random.choice([None, date(2024, 2, 29), date(1969, 12, 31)]),
            "settled_at": random.choice([None, datetime(1960, 1, 1, 0, 0, 0, 7_000, UTC)]),
            **more,
        }


def _visits() -> Iterator[Keyed]:
    plain = fastavro.parse_schema(schema(visits))
    random = Random(3)
    for number in range(VISITS):
        at = int(START.replace(tzinfo=UTC).timestamp() * 1_000) + number * 900
        row = {
            "at": random.choice([None, at]),
            "visitor": number % 7,
            "seen": at,
            "page": random.choice(["/", "/ü", None]),
            "price": random.choice([Decimal("0.125"), Decimal("-7"), None]),
        }
        data = BytesIO()
        fastavro.schemaless_writer(data, plain, row)
        yield str(number % 7).encode(), data.getvalue()


@pytest.fixture(scope="module")
def avro(
    running_stack: Runtime, stack_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The stack of this run with a registry, two streams in Avro, and a job for each feature."""
    emptied(running_stack)
    with registry.running(stack_settings, tmp_path_factory.mktemp("registry")) as url:
        kafka = msgspec.structs.replace(stack_settings.kafka, registry=RegistrySettings(url=url))
        settings = msgspec.structs.replace(stack_settings, features=(OWN,), kafka=kafka)
        runtime = Runtime(settings)
        runtime.fresh()
        variables = {"FRAUDWATCH_FEATURES": str(OWN), "FRAUDWATCH_KAFKA_REGISTRY_URL": url}
        stack = Stack(runtime, settings, url, command(stack_settings, variables))
        stack.send(transfers.topic, stack.encoded(generated(TRANSFERS, START, 1)))
        stack.send(visits.topic, _visits())
        for feature in own_features(runtime):
            runtime.start_job(feature.name)
        yield stack
        for job in runtime.status().jobs:
            runtime.stop_job(job.name, discard=True)
        runtime.close()


def test_features_over_avro_are_proved(avro: Stack) -> None:
    read = {"avro_spend": TRANSFERS, "avro_as_read": TRANSFERS, "avro_visits": VISITS}
    for name, count in read.items():
        parity = avro.runtime.verify(name)
        assert parity.proved, parity
        assert (parity.transactions, parity.bad, parity.late) == (count, 0, 0), parity
        assert parity.equal > count / 2, parity


def test_every_type_is_read_as_it_was_written(avro: Stack) -> None:
    expected = {row["items"]: row for row in generated(TRANSFERS, START, 1)}
    rows = avro.rows("avro_as_read")
    assert len(rows) == TRANSFERS
    for row in rows:
        sent = expected[row.items]
        assert row.booked_at == sent["booked_at"].replace(tzinfo=None)
        assert (row.account, row.amount) == (sent["account"], sent["amount"])
        assert (row.country, row.chargeback) == (sent["country"], sent["chargeback"])
        assert (row.installments - sent["installments"]) % 2**16 == 0
        assert (row.score, row.due) == (sent["score"], sent["due"])
        settled = sent["settled_at"]
        assert row.settled_at == (settled and settled.replace(tzinfo=None))
        assert row.channel is None


def test_a_schema_that_evolves_while_the_job_runs(avro: Stack) -> None:
    avro.await_all()
    before = len(avro.rows("avro_as_read"))
    later = START + timedelta(hours=3)
    more = list(generated(200, later, 2, channel="app"))
    avro.send(transfers.topic, avro.encoded(more, _CHANNEL))
    avro.await_all()
    by_channel = {row.channel for row in avro.rows("avro_as_read")}
    assert by_channel == {None, "app"}
    parity = avro.runtime.verify("avro_spend")
    assert parity.proved, parity
    assert (parity.transactions, parity.bad) == (before + len(more), 0)
    assert any(row.by_channel for row in avro.rows("avro_spend"))


def test_the_decoded_record_is_shown(avro: Stack) -> None:
    tailed = avro.fraudwatch(
        "tail", transfers.topic, "--from", "beginning", "--no-follow", "--json"
    )
    assert tailed.returncode == 0, tailed.stderr
    values = [json.loads(line)["value"] for line in tailed.stdout.splitlines()]
    first = next(iter(generated(1, START, 1)))
    (found,) = (value for value in values if value["items"] == 0 and "channel" not in value)
    assert found["account"] == first["account"]
    assert found["amount"] == float(first["amount"])
    assert found["booked_at"] == first["booked_at"].isoformat().replace("+00:00", "Z")
    assert found["more"] == {"than": ["is", "declared"]}

    tailed = avro.fraudwatch("tail", visits.topic, "--from", "beginning", "--no-follow", "--json")
    seen = {json.loads(line)["value"]["seen"] for line in tailed.stdout.splitlines()}
    times = {START + timedelta(milliseconds=number * 900) for number in range(VISITS)}
    assert {datetime.fromisoformat(time).replace(tzinfo=None) for time in seen} == times

    inspected = avro.fraudwatch("inspect", transfers.topic, "--json")
    assert inspected.returncode == 0, inspected.stderr
    proposal = json.loads(inspected.stdout)
    assert (proposal["format"], proposal["invalid"]) == ("avro-confluent", [])
    proposed = {field["name"]: field["type"] for field in proposal["fields"]}
    as_written = {"amount": "decimal(10, 2)", "installments": "int32", "items": "int32"}
    assert proposed == transfers.columns | as_written | {"score": "float32"}

    kafka = avro.runtime.kafka
    tail = KafkaTails(lambda: kafka.bootstrap, avro.settings.kafka).open(
        transfers.topic, Reset.EARLIEST
    )
    records: list[RecordView] = []

    def some() -> bool:
        records.extend(tail.poll(5_000).records)
        return bool(records)

    with closing(tail):
        wait_until(some, 30, "the records")
    assert {RecordFields(record)("account") for record in records} == set(ACCOUNTS)


def test_what_inspect_prints_reads_records_without_a_registry(avro: Stack, tmp_path: Path) -> None:
    file, pasted = tmp_path / "visit.avsc", tmp_path / "pasted.py"
    file.write_text(json.dumps(schema(visits)).replace('"seen"', '"seen_at"'))  # As a time.
    printed = avro.fraudwatch("inspect", visits.topic, "--schema", str(file))
    assert printed.returncode == 0, printed.stderr
    pasted.write_text(
        f"{printed.stdout}\nfrom fraudwatch import feature\n\n"
        f'@feature(topic="avro_pasted", source={visits.name})\n'
        "def avro_pasted(rows):\n"
        "    return rows.select(*rows.columns)\n"
    )
    for step in ("start", "verify"):
        done = avro.fraudwatch(step, "avro_pasted", "--features", str(pasted))
        assert done.returncode == 0, done.stdout + done.stderr
    stopped = avro.fraudwatch("stop", "avro_pasted", "--discard", "--features", str(pasted))
    assert stopped.returncode == 0, stopped.stdout + stopped.stderr


def _assert_nothing_leaks(runtime: Runtime, url: str, state: Path) -> None:
    """The secret is neither shown nor written to a file, nor told by Flink."""
    status = runtime.status()
    job = next(job for job in status.jobs if job.name == "avro_as_read")
    shown = {"detail": repr(runtime.job_detail(job.name)), "sql": runtime.sql(job.name)}
    assert url in shown["sql"]
    for folder, _, names in os.walk(state):
        for file in (Path(folder, name) for name in names):
            # Kafka deletes the files of emptied topics meanwhile.
            with suppress(FileNotFoundError):
                shown[str(file)] = file.read_bytes().decode("latin-1") if file.is_file() else ""
    for path in ("", "/config", "/plan", "/exceptions"):
        shown[path] = httpx.get(f"{status.rest}/jobs/{job.job_id}{path}").text
    for where, text in shown.items():
        assert "canary" not in text, where


@pytest.mark.parametrize("by", ["password", "token"])
def test_a_registry_with_tls_and_credentials(
    by: str, avro: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGISTRY_SECRET", SECRET)
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    allowed = {
        "password": "Basic " + b64encode(f"alice:{SECRET}".encode()).decode(),
        "token": f"Bearer {SECRET}",
    }[by]
    secret = Secret("env", "REGISTRY_SECRET")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ca.issue_cert("localhost").configure_cert(context)
    proxy = Proxy(lambda: avro.url, authorization=allowed, context=context)
    with closing(proxy):
        settings = RegistrySettings(
            url=proxy.address,
            ca_file=tmp_path / "ca.pem",
            username="alice" if by == "password" else "",
            password=secret if by == "password" else None,
            token=secret if by == "token" else None,
        )
        kafka = msgspec.structs.replace(avro.settings.kafka, registry=settings)
        with closing(Runtime(msgspec.structs.replace(avro.settings, kafka=kafka))) as runtime:
            # The same job, from its savepoint: how the registry is reached is no part of it.
            runtime.stop_job("avro_as_read")
            runtime.start_job("avro_as_read")
            later = START + timedelta(hours=6)
            avro.send(transfers.topic, avro.encoded(generated(50, later, 4), _CHANNEL))
            avro.await_all()
            parity = runtime.verify("avro_as_read")
            assert parity.proved, parity
            assert parity.bad == 0
            assert "***" in runtime.job_detail("avro_as_read").sql
            _assert_nothing_leaks(runtime, settings.url, avro.settings.state_dir)
            runtime.stop_job("avro_as_read")
    assert (proxy.refused, proxy.passed > 1) == (0, True)
    avro.runtime.start_job("avro_as_read")


def test_a_job_takes_the_format_to_an_external_flink(
    avro: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside the connector's jars, which it ships as well."""
    variables = {
        "FEATURES": str(OWN),
        "KAFKA_REGISTRY_URL": avro.url,
        "KAFKA_TOPIC_PREFIX": "company.",
        "FLINK_SHIP_CONNECTOR": "true",
    }
    for name, value in variables.items():
        monkeypatch.setenv(f"FRAUDWATCH_{name}", value)
    kafka = avro.runtime.kafka
    company = attached(tmp_path, kafka.bootstrap, avro.runtime.status().rest)
    created = company("topics", "--create")
    assert created.returncode == 0, created.stderr
    avro.send(f"company.{transfers.topic}", avro.encoded(generated(300, START, 7)))
    started = company("start", "avro_as_read")
    assert started.returncode == 0, started.stderr
    verified = company("verify", "avro_as_read")
    assert verified.returncode == 0, (verified.stdout, verified.stderr)
    assert company("stop", "avro_as_read", "--discard").returncode == 0
    company("down")


def test_a_record_that_is_not_avro_is_named_and_can_be_removed(avro: Stack) -> None:
    """It stops the jobs that read its topic, until it is gone; then they go on with their state."""
    avro.await_all()
    avro.send(transfers.topic, [(b"bad", b'{"account": "json"}')])
    listed = avro.fraudwatch("quarantine", "--json")
    assert listed.returncode == 0, listed.stderr
    report = json.loads(listed.stdout)
    assert report["kinds"] == {"not Avro": 1}
    (bad,) = report["records"]
    assert bad["topic"] == transfers.topic
    assert "every job that reads the topic fails at it" in bad["reason"]
    wait_until(lambda: avro.runtime.job_detail("avro_spend").failures, 30, "the job to fail")
    doctor = avro.fraudwatch("doctor")
    assert f"✓ Schema registry {avro.url}" in " ".join(doctor.stdout.split())
    assert f"Jobs fail at offset {bad['offset']} of partition {bad['partition']}" in doctor.stdout

    admin = AdminClient({"bootstrap.servers": avro.runtime.kafka.bootstrap})
    place = TopicPartition(transfers.topic, bad["partition"], bad["offset"] + 1)
    for answer in admin.delete_records([place]).values():
        answer.result()
    later = START + timedelta(hours=9)
    avro.send(transfers.topic, avro.encoded(generated(50, later, 6), _CHANNEL))

    def read() -> set[int]:
        rows = avro.rows("avro_as_read")
        return {row.items for row in rows if row.booked_at > later - timedelta(minutes=1)}

    wait_until(lambda: read() == set(range(50)), 60, "the records after it")
