"""`inspect` on topics in Avro."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from pipeline.config import RegistrySettings
from pipeline.errors import InputError
from pipeline.formats.schemas import Schemas
from pipeline.inspection.inspected import inspect
from pipeline.inspection.looked_at import Rows
from pipeline.inspection.pasted import pasted
from pipeline.kafka.records import Record
from tests.streams.avro_records import Registry, encoded

START = 1_709_283_600_000
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
WRITTEN: dict[str, Any] = {
    "type": "record",
    "name": "Transfer",
    "fields": [
        {"name": "account", "type": "string"},
        {"name": "booked_at", "type": MILLIS},
        {
            "name": "amount",
            "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2},
        },
        {"name": "country", "type": ["null", "string"]},
        {"name": "chargeback", "type": "boolean"},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "score", "type": ["null", "float", "double"]},
        {"name": "sent", "type": {"type": "long", "logicalType": "timestamp-micros"}},
        {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["A"]}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
        {"name": "either", "type": ["string", "int"]},
    ],
}


def records(count: int = 20) -> Iterator[Record]:
    for number in range(count):
        account = f"DE{number % 3}"
        row = {
            "account": account, "booked_at": START + number * 1_000, "amount": b"\x01", "day": 1,
            "country": None if number % 4 == 0 else "DE", "chargeback": False, "score": 0.5,
            "sent": START * 1_000, "kind": "A", "tags": [], "either": 1,
        }  # fmt: skip
        at = START + number * 1_000
        yield Record("transfers", 0, number, at, account.encode(), encoded(1, WRITTEN, row))


@pytest.fixture
def schemas() -> Iterator[Schemas]:
    with closing(Registry()) as served:
        served.schemas[1] = WRITTEN
        yield Schemas(RegistrySettings(url=served.url))


def test_the_types_are_those_of_the_schema(schemas: Schemas) -> None:
    looked_at = [*records(), Record("t", 0, 99, START, None, b"{}")]
    found = inspect(Rows("transfers", "transfers", looked_at, schemas=schemas))
    source = found.source
    assert source.format == "avro-confluent"
    assert source.columns == {
        "account": "string",
        "booked_at": "timestamp(3)",
        "amount": "decimal(12, 2)",
        "country": "string",
        "chargeback": "boolean",
        "day": "date",
        "score": "float64",
        # In another unit than the time column.
        "sent": "int64",
    }
    assert (source.time, source.user, source.amount) == ("booked_at", "account", "amount")
    assert source.label == "chargeback"
    assert "country" not in source.required and "day" in source.required
    assert dict(found.left_out) == {
        "kind": "of type enum, which cannot be a column",
        "tags": "an array; paths can name an element of it",
        "either": "a union of several types, which cannot be a column",
    }
    assert dict(found.invalid) == {"not Avro": 1}
    text = pasted(found)
    assert '    format="avro-confluent",' in text
    assert "# booked_at is written as timestamp-millis, in order." in text
    assert '"country": "string",  # 25.0% null' in text


def test_without_a_registry_it_says_what_is_missing() -> None:
    with pytest.raises(InputError) as caught:
        inspect(Rows("transfers", "transfers", list(records())))
    assert "kafka.registry" in caught.value.hint
