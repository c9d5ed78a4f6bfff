"""Columns inside of records and arrays in Avro: read, refused with a reason, and written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import fastavro
import pytest

from pipeline.config import KafkaSettings, RegistrySettings
from pipeline.errors import InputError
from pipeline.formats.avro.decoder import AvroDecoder, fault_of
from pipeline.formats.avro.encoder import AvroEncoder
from pipeline.formats.kinds import Kind
from pipeline.formats.schemas import Schemas
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.sources import Source, source
from tests.streams.avro_records import Registry

AT = 1_709_283_600_250_999
MICROS = {"type": "long", "logicalType": "timestamp-micros"}
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}


def record(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "type": "record",
        "name": name,
        "fields": [{"name": field, "type": kind} for field, kind in fields.items()],
    }


ADDRESS = record("Address", country=["string", "null"])
ITEM = record("Item", sku="string", price=["null", MONEY])
SCHEMA = record(
    "Order",
    placed_at=MICROS,
    customer=record("Customer", id="string", home=[ADDRESS, "null"], work=["null", "Address"]),
    items={"type": "array", "items": ITEM},
)


def orders(**changes: Any) -> Source:
    given: dict[str, Any] = {
        "topic": "orders",
        "format": "avro-confluent",
        "schema": {
            "placed_at": "timestamp(3)",
            "customer": "string",
            "country": "string",
            "work": "string",
            "second": "decimal(12, 2)",
        },
        "time": "placed_at",
        "time_format": "epoch-us",
        "required": ("customer",),
        "paths": {
            "customer": "customer.id",
            "country": "customer.home.country",
            "work": "customer.work.country",
            "second": "items[1].price",
        },
    }
    return source(**given | changes)


@pytest.fixture
def kafka() -> Iterator[KafkaSettings]:
    with closing(Registry()) as served:
        served.schemas[1] = SCHEMA
        yield KafkaSettings(registry=RegistrySettings(url=served.url))


def value(row: dict[str, Any], schema: dict[str, Any] = SCHEMA) -> bytes:
    data = BytesIO()
    fastavro.schemaless_writer(data, fastavro.parse_schema(schema), row)
    return b"\0\0\0\0\1" + data.getvalue()


ROW: dict[str, Any] = {
    "placed_at": AT,
    "customer": {"id": "c1", "home": {"country": "DE"}, "work": None},
    "items": [{"sku": "a", "price": None}, {"sku": "b", "price": Decimal("1.50")}],
}


def test_columns_are_read_from_where_they_are(kafka: KafkaSettings) -> None:
    decoder = AvroDecoder(orders(), Schemas(kafka.registry))
    row = decoder.usual(value(ROW))
    assert row.placed_at == datetime(2024, 3, 1, 9, 0, 0, 250_000)
    assert (row.customer, row.country, row.work) == ("c1", "DE", None)
    assert row.second == Decimal("1.50")
    nothing = {**ROW, "customer": {"id": "c1", "home": None, "work": None}, "items": []}
    row = decoder.usual(value(nothing))
    assert (row.country, row.second) == (None, None)
    decoder = AvroDecoder(orders(required=("country",)), Schemas(kafka.registry))
    assert decoder.closely(value(nothing)) == (
        Kind.MISSING,
        "country (customer.home.country) is missing",
    )


def test_times_in_numbers_are_shown_as_times(kafka: KafkaSettings) -> None:
    plain = {**SCHEMA, "fields": [{"name": "placed_at", "type": "long"}, *SCHEMA["fields"][1:]]}
    with closing(Registry()) as served:
        served.schemas[1] = plain
        kafka = KafkaSettings(registry=RegistrySettings(url=served.url))
        of = Record("orders", 0, 0, 0, None, value(ROW, plain))
        (shown,) = Readable(kafka, [orders()]).all([of])
        assert json.loads(shown.value or b"")["placed_at"] == "2024-03-01T09:00:00.250000Z"
        # Without a source, nothing says that it is a time.
        (shown,) = Readable(kafka).all([of])
        assert json.loads(shown.value or b"")["placed_at"] == AT


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ({"customer": "string"}, "string, where Flink's Avro format needs a record"),
        ({"items": ITEM}, "record, where Flink's Avro format needs an array"),
        (
            {"customer": [ADDRESS, record("Other", id="string"), "null"]},
            "a union of 2 types, which Flink cannot read",
        ),
        (
            {"customer": record("Customer", id={"type": "enum", "name": "E", "symbols": ["A"]})},
            "enum, which Flink's Avro format cannot read as string",
        ),
        (
            {
                "items": {
                    "type": "array",
                    "items": record(
                        "Item",
                        price={
                            "type": "fixed",
                            "name": "F",
                            "size": 4,
                            "logicalType": "decimal",
                            "precision": 9,
                            "scale": 2,
                        },
                    ),
                }
            },
            "fixed, which Flink's Avro format cannot read as decimal(12, 2)",
        ),
    ],
)
def test_what_flink_cannot_read_is_said_in_a_sentence(written: dict[str, Any], why: str) -> None:
    types = {field["name"]: field["type"] for field in SCHEMA["fields"]} | written
    kind, said = fault_of(orders(), record("Order", **types)) or (None, "")
    assert kind is Kind.UNREADABLE
    assert why in said
    assert said.endswith("; every job that reads the topic fails at it")


def test_times_in_another_unit_are_refused() -> None:
    types = {field["name"]: field["type"] for field in SCHEMA["fields"]}
    millis = {"type": "long", "logicalType": "timestamp-millis"}
    assert fault_of(orders(), record("Order", **types | {"placed_at": millis})) == (
        Kind.WRONG_TYPE,
        "placed_at is timestamp-millis, which Flink reads as microseconds",
    )
    assert fault_of(orders(), SCHEMA) is None


def test_a_record_is_made_of_its_columns(kafka: KafkaSettings) -> None:
    made: list[dict[str, Any]] = []

    def encode(fields: dict[str, Any]) -> bytes:
        made.append(fields)
        return b""

    with pytest.raises(InputError, match="has a field sku, which has no default"):
        AvroEncoder(orders(), SCHEMA, encode)
    item = record("Item", price=["null", MONEY])
    item["fields"].append({"name": "sku", "type": "string", "default": "?"})
    types = {field["name"]: field["type"] for field in SCHEMA["fields"]}
    encoder = AvroEncoder(
        orders(), record("Order", **types | {"items": {"type": "array", "items": item}}), encode
    )
    assert set(encoder.fields.never_null) == {"placed_at", "customer"}
    fields = {"placed_at": AT, "customer": "c1", "country": "DE", "work": None, "second": None}
    encoder.encode(fields)
    encoder.encode(fields | {"country": None, "second": Decimal("1.5")})
    assert made[0] == {
        "placed_at": AT,
        "customer": {"id": "c1", "home": {"country": "DE"}, "work": None},
        "items": [],
    }
    assert made[1]["customer"]["home"] is None
    assert made[1]["items"] == [
        {"sku": "?"},
        {"sku": "?", "price": Decimal("1.5")},
    ]


def test_paths_need_a_registry() -> None:
    with pytest.raises(InputError, match="Avro with a schema registry, and its format is avro"):
        orders(format="avro")
