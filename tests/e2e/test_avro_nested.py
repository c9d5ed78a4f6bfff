"""Columns inside of records and arrays in Avro, on the real broker and the real cluster."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import chain
from pathlib import Path
from random import Random
from typing import Any, Final

import fastavro
import msgspec
import pytest

from pipeline.config import RegistrySettings, Settings
from pipeline.formats.json.flink_json import row_reader
from pipeline.kafka.read_to_end import read_to_end
from pipeline.proof import Outcome
from pipeline.stack.runtime import Runtime
from tests import streams
from tests.streams.avro_nested_sources import orders
from tests.streams.avro_records import Registry

from .conftest import Run, command, own_features
from .own_streams import Keyed, send, with_features

NESTED: Final = streams.FOLDER / "avro_nested_sources.py"
START: Final = datetime(2024, 3, 1, 9, tzinfo=UTC)
ORDERS: Final = 800


def _decimal(precision: int, scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


_ADDRESS: Final = {
    "type": "record",
    "name": "Address",
    "fields": [{"name": "country", "type": ["string", "null"]}, {"name": "zip", "type": "string"}],
}
_ITEM: Final = {
    "type": "record",
    "name": "Item",
    "fields": [
        {"name": "sku", "type": "string"},
        {"name": "price", "type": ["null", _decimal(9, 3)]},
    ],
}
SCHEMA: Final[dict[str, Any]] = {
    "type": "record",
    "name": "Order",
    "namespace": "org.example",
    "fields": [
        {"name": "number", "type": "int"},
        {"name": "placed_at", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {
            "name": "customer",
            "type": {
                "type": "record",
                "name": "Customer",
                "fields": [
                    {"name": "id", "type": "string"},
                    {"name": "address", "type": [_ADDRESS, "null"]},
                    # By its name, as it was defined before.
                    {"name": "billing", "type": ["null", "Address"], "default": None},
                ],
            },
        },
        {
            "name": "payment",
            "type": [
                "null",
                {
                    "type": "record",
                    "name": "Payment",
                    "fields": [
                        {"name": "day", "type": ["null", {"type": "int", "logicalType": "date"}]},
                        {"name": "total", "type": _decimal(12, 2)},
                    ],
                },
            ],
        },
        {"name": "items", "type": {"type": "array", "items": _ITEM}},
        {
            "name": "closed",
            "type": ["null", {"type": "long", "logicalType": "local-timestamp-micros"}],
        },
        {"name": "opens", "type": {"type": "int", "logicalType": "time-millis"}},
        # What cannot be a column does not matter if it is none.
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A", "B"]}},
        {"name": "token", "type": {"type": "fixed", "name": "Token", "size": 4}},
        {"name": "labels", "type": {"type": "map", "values": ["null", "long", "string"]}},
    ],
}


def generated() -> Iterator[dict[str, Any]]:
    """Orders by their numbers; each eleventh has no payment, and so is invalid."""
    random, at = Random(3), START
    for number in range(ORDERS):
        at += timedelta(microseconds=random.randrange(8_000_000))
        address = {"country": random.choice(["DE", "ü", None]), "zip": "1"}
        prices = [random.choice([Decimal("0.125"), None]) for _ in range(random.randrange(3))]
        yield {
            "number": number,
            "placed_at": at - timedelta(seconds=random.randrange(20)),
            "customer": {
                "id": f"c{random.randrange(9)}",
                "address": random.choice([address, None]),
                "billing": random.choice([address, None]),
            },
            "payment": None
            if number % 11 == 10
            else {
                "day": random.choice([date(1969, 12, 31), None]),
                "total": Decimal(random.randrange(-5_000, 500_000)) / 100,
            },
            "items": [{"sku": f"s{place}", "price": price} for place, price in enumerate(prices)],
            "closed": random.choice([None, datetime(1969, 12, 31, 23, 59, 59, 999_999)]),
            "opens": time(8, 30, 0, 250_000),
            "kind": random.choice("AB"),
            "token": b"1234",
            "labels": {"a": 1, "b": "x", "c": None},
        }


def _encoded() -> Iterator[Keyed]:
    parsed = fastavro.parse_schema(SCHEMA)
    for row in generated():
        data = BytesIO()
        fastavro.schemaless_writer(data, parsed, row)
        yield row["customer"]["id"].encode(), b"\0\0\0\0\x01" + data.getvalue()


@dataclass(frozen=True, slots=True)
class Nested:
    """The stack with the stream, and a registry on a socket of this process."""

    runtime: Runtime
    fraudwatch: Run


@pytest.fixture(scope="module")
def nested(running_stack: Runtime, stack_settings: Settings) -> Iterator[Nested]:
    with closing(Registry()) as registry:
        registry.schemas[1] = SCHEMA
        registry.latest[f"{orders.topic}-value"] = SCHEMA
        kafka = msgspec.structs.replace(
            stack_settings.kafka, registry=RegistrySettings(url=registry.url)
        )
        settings = msgspec.structs.replace(stack_settings, kafka=kafka)
        with with_features(running_stack, settings, NESTED) as runtime:
            send(runtime, orders.topic, _encoded())
            for feature in own_features(runtime):
                runtime.start_job(feature.name)
            variables = {
                "FRAUDWATCH_FEATURES": str(NESTED),
                "FRAUDWATCH_KAFKA_REGISTRY_URL": registry.url,
            }
            yield Nested(runtime, command(stack_settings, variables))


def test_features_over_records_inside_of_records_are_proved(nested: Nested) -> None:
    for feature in own_features(nested.runtime):
        parity = nested.runtime.verify(feature.name)
        assert parity.proved, parity
        assert (parity.transactions, parity.bad) == (ORDERS - ORDERS // 11, ORDERS // 11), parity
        assert (parity.late, parity.duplicates, parity.unread) == (0, 0, 0), parity
        assert parity.equal > ORDERS / 2, parity


def test_every_value_is_read_from_where_it_is(nested: Nested) -> None:
    (feature,) = nested.runtime.features.find(["avro_orders_as_read"])
    read = row_reader(feature.columns)
    records = chain.from_iterable(read_to_end(nested.runtime.kafka, feature.topic))

    def compared(row: Any) -> tuple[object, ...]:
        return tuple(getattr(row, name) for name in orders.columns)

    found = sorted((compared(read(record.value)) for record in records), key=str)
    assert found == sorted((_expected(row) for row in generated() if row["payment"]), key=str)


def _expected(row: dict[str, Any]) -> tuple[object, ...]:
    """The values of the columns, in their order."""
    placed, address, items = row["placed_at"], row["customer"]["address"], row["items"]
    return (
        placed.replace(microsecond=placed.microsecond // 1_000 * 1_000, tzinfo=None),
        row["customer"]["id"],
        address and address["country"],
        row["payment"]["total"],
        items[0]["sku"] if items else None,
        items[1]["price"] if len(items) > 1 else None,
        row["closed"] and datetime(1969, 12, 31, 23, 59, 59, 999_000),
        (8 * 60 + 30) * 60_000 + 250,
        row["payment"]["day"],
    )


def test_what_is_invalid_is_said_with_its_path(nested: Nested) -> None:
    listed = nested.fraudwatch("quarantine", "--json")
    assert listed.returncode == 0, listed.stderr
    report = json.loads(listed.stdout)
    assert report["kinds"] == {"field missing": ORDERS // 11}
    assert {each["reason"] for each in report["records"]} == {"total (payment.total) is missing"}


def test_times_are_shown_as_such(nested: Nested) -> None:
    tailed = nested.fraudwatch("tail", orders.topic, "--from", "beginning", "-n", "1", "--json")
    assert tailed.returncode == 0, tailed.stderr
    value = json.loads(tailed.stdout)["value"]
    assert value["placed_at"].startswith("2024-03-01T") and value["placed_at"].endswith("Z")
    assert value["opens"] == "08:30:00.250000"


def test_a_wrong_value_is_found(nested: Nested) -> None:
    (feature,) = nested.runtime.features.find(["avro_orders_as_read"])
    first = next(chain.from_iterable(read_to_end(nested.runtime.kafka, feature.topic)))
    fields = json.loads(first.value or b"") | {"opens": 1}
    send(nested.runtime, feature.topic, [(first.key or b"", json.dumps(fields).encode())])
    parity = nested.runtime.verify(feature.name)
    assert (parity.outcome, parity.different) == (Outcome.WRONG, 1), parity


def test_what_inspect_prints_reads_the_same_records(nested: Nested, tmp_path: Path) -> None:
    printed = nested.fraudwatch("inspect", orders.topic)
    assert printed.returncode == 0, printed.stderr
    assert '"customer_id": "customer.id",' in printed.stdout
    assert 'time_format="epoch-us",' in printed.stdout
    pasted = tmp_path / "pasted.py"
    pasted.write_text(
        f"{printed.stdout}\nfrom fraudwatch import feature\n\n"
        '@feature(topic="avro_nested_pasted", source=avro_orders)\n'
        "def avro_nested_pasted(rows):\n"
        "    return rows.select(*rows.columns)\n"
    )
    for step in (("start",), ("verify",), ("stop", "--discard")):
        done = nested.fraudwatch(
            step[0], "avro_nested_pasted", *step[1:], "--features", str(pasted)
        )
        assert done.returncode == 0, done.stdout + done.stderr
