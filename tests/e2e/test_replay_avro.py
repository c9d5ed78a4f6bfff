"""`replay --source` into streams in Avro: the real broker, cluster and schema registry."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any, Final

import msgspec
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient

from pipeline.config import RegistrySettings, Settings
from pipeline.formats.json.flink_json import row_reader
from pipeline.kafka.read_to_end import read_to_end
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.avro_sources import transfers, visits

from . import registry
from .conftest import Run, command, emptied, own_features

OWN: Final = streams.FOLDER / "avro_sources.py"
TRANSFERS: Final = "transfers.files"
VISITS: Final = "visits.files"
ROWS: Final = 1_000
START: Final = datetime(2024, 3, 1, 9)
# In another order than the columns, without `channel`, with a field that is no column, and with
# some that hold less than their columns.
SCHEMA: Final = {
    "type": "record",
    "name": "Transfer",
    "namespace": "org.example",
    "fields": [
        {"name": "account", "type": "string"},
        {"name": "booked_at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {
            "name": "amount",
            "type": [
                "null",
                {"type": "bytes", "logicalType": "decimal", "precision": 6, "scale": 2},
            ],
        },
        {"name": "currency", "type": "string", "default": "EUR"},
        {"name": "country", "type": ["null", "string"], "default": None},
        {"name": "chargeback", "type": "boolean"},
        {"name": "installments", "type": ["int", "null"]},
        {"name": "items", "type": "int"},
        {"name": "score", "type": ["null", "double"]},
        {"name": "due", "type": ["null", {"type": "int", "logicalType": "date"}]},
        {
            "name": "settled_at",
            "type": ["null", {"type": "long", "logicalType": "timestamp-millis"}],
        },
    ],
}
HEADER: Final = "Booked at,account,amount,country,chargeback,installments,items,score,due,channel"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack with a schema registry, and features over streams in Avro.

    Attributes:
        runtime: The stack.
        schemas: The registry.
        fraudwatch: Runs commands.
    """

    runtime: Runtime
    schemas: SchemaRegistryClient
    fraudwatch: Run

    def rows(self, name: str) -> list[Any]:
        """The rows of a feature, which has been verified."""
        feature = self.runtime.features.find([name])[0]
        read = row_reader(feature.columns)
        kafka = self.runtime.kafka
        return [read(r.value) for r in chain.from_iterable(read_to_end(kafka, feature.topic))]

    def sent(self, topic: str, text: str, *options: str) -> dict[str, Any]:
        """The report of a replay of this text."""
        words = ("replay", "-", "--source", topic, "--json", *options)
        done = self.fraudwatch(*words, given=text)
        assert done.stdout, done.stderr
        report: dict[str, Any] = json.loads(done.stdout)
        assert done.returncode == (5 if report["left_out"] else 0), done.stderr
        return report

    def tail(self, topic: str) -> str:
        return self.fraudwatch("tail", topic, "--from", "beginning", "--no-follow", "--json").stdout

    def assert_proved(self, name: str, of: int) -> None:
        parity = self.runtime.verify(name)
        assert parity.proved, parity
        assert (parity.transactions, parity.bad, parity.late) == (of, 0, 0), parity


@pytest.fixture(scope="module")
def avro(
    running_stack: Runtime, stack_settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The stack of this run with a registry, and the features of `avro_sources`.

    Their topics are others, since other tests fill those.
    """
    emptied(running_stack)
    folder = tmp_path_factory.mktemp("replayed")
    own = folder / "files_avro.py"
    text = OWN.read_text().replace('topic="avro_', 'topic="files_avro_')
    for source, topic in ((transfers, TRANSFERS), (visits, VISITS)):
        text = text.replace(f'topic="{source.topic}"', f'topic="{topic}"')
    own.write_text(text)
    with registry.running(stack_settings, folder) as url:
        kafka = msgspec.structs.replace(stack_settings.kafka, registry=RegistrySettings(url=url))
        runtime = Runtime(msgspec.structs.replace(stack_settings, features=(own,), kafka=kafka))
        runtime.fresh()
        variables = {"FRAUDWATCH_FEATURES": str(own), "FRAUDWATCH_KAFKA_REGISTRY_URL": url}
        yield Stack(runtime, SchemaRegistryClient({"url": url}), command(stack_settings, variables))
        for job in runtime.status().jobs:
            runtime.stop_job(job.name, discard=True)
        runtime.close()


_OTHERS: Final = (("DE", 12, 0.1, date(1969, 12, 31)), (None, None, None, None))


def transfer(number: int, **changes: str) -> str:
    time = START + timedelta(seconds=number, milliseconds=number % 1_000)
    values = {
        "time": f"{time}Z",
        "account": ("DE89 3704", "ü")[number % 2],
        "amount": f"{number}.{number % 100:02}",
        "country": ("DE", "")[number % 2],
        "chargeback": ("yes", "no")[number % 2],
        "installments": ("12", "")[number % 2],
        "items": str(number),
        "score": ("0.1", "")[number % 2],
        "due": ("1969-12-31", "")[number % 2],
        "channel": "app",
    }
    return ",".join((values | changes).values())


def test_a_file_is_written_with_the_newest_schema_and_proved(avro: Stack) -> None:
    lines = [transfer(number) for number in range(ROWS)]
    random.Random(3).shuffle(lines)
    misfits = [
        transfer(1, amount="10000"),
        transfer(1, items="2147483648"),
        transfer(1, chargeback=""),
        transfer(1, amount="dear"),
    ]
    text = "\n".join((HEADER, *misfits, *lines))
    refused = avro.fraudwatch("replay", "-", "--source", TRANSFERS, given=text)
    assert refused.returncode == 5
    assert f"The schema registry has no schema for {TRANSFERS}." in refused.stderr
    assert avro.schemas.get_subjects() == []

    avro.schemas.register_schema(f"{TRANSFERS}-value", Schema(json.dumps(SCHEMA), "AVRO"))
    report = avro.sent(TRANSFERS, text)
    assert (report["sent"], report["bad"], report["invalid"]) == (ROWS, 1, 3)
    assert report["files"][0]["notes"][-1] == "Not in the topic's schema, so not sent: channel."
    assert avro.schemas.get_versions(f"{TRANSFERS}-value") == [1]

    for feature in own_features(avro.runtime):
        if feature.source.topic == TRANSFERS:
            avro.runtime.start_job(feature.name)
            avro.assert_proved(feature.name, ROWS)
    found = {row.items: row for row in avro.rows("avro_as_read")}
    assert set(found) == set(range(ROWS))
    for number, row in found.items():
        assert row.booked_at == START + timedelta(seconds=number, milliseconds=number % 1_000)
        assert row.amount == Decimal(f"{number}.{number % 100:02}")
        assert (row.account, row.chargeback) == (("DE89 3704", "ü")[number % 2], number % 2 == 0)
        others = (row.country, row.installments, row.score, row.due, row.settled_at, row.channel)
        assert others == (*_OTHERS[number % 2], None, None)

    shown = avro.tail(TRANSFERS)
    assert {json.loads(line)["value"]["currency"] for line in shown.splitlines()} == {"EUR"}
    again = avro.sent(TRANSFERS, shown, "--shift")
    assert (again["sent"], again["left_out"]) == (ROWS, [])
    avro.assert_proved("avro_spend", 2 * ROWS)
    avro.assert_proved("avro_as_read", 2 * ROWS)
    rows = avro.rows("avro_as_read")
    assert sum(row.amount for row in rows) == 2 * sum(row.amount for row in found.values())


def test_a_file_is_written_as_the_columns_say_and_proved(avro: Stack) -> None:
    lines = [
        f"{n if n % 3 else ''},{n % 7},{START + timedelta(seconds=n)}.{n % 1_000:03},"
        f"{('/ü', '')[n % 2]},{f'-{n}.125' if n % 5 else ''}"
        for n in range(ROWS)
    ]
    random.Random(4).shuffle(lines)
    text = "\n".join(("at,visitor,seen,page,price", ",,2024-03-01 09:30:00,,", *lines))
    report = avro.sent(VISITS, text)
    assert (report["sent"], report["bad"]) == (ROWS, 1)
    avro.runtime.start_job("avro_visits")
    avro.assert_proved("avro_visits", ROWS)
    found = {row.seen: row for row in avro.rows("avro_visits")}
    # The last ones wait for the watermark.
    assert ROWS - 60 < len(found) <= ROWS
    for n in range(len(found)):
        row = found[START + timedelta(seconds=n, milliseconds=n % 1_000)]
        assert (row.at, row.visitor, row.page) == (n if n % 3 else None, n % 7, ("/ü", None)[n % 2])
        assert row.price == (Decimal(f"-{n}.125") if n % 5 else None)
    again = avro.sent(VISITS, avro.tail(VISITS), "--shift")
    assert (again["sent"], again["left_out"]) == (ROWS, [])
    avro.assert_proved("avro_visits", 2 * ROWS)
