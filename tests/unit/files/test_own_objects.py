"""Files of a stream whose records have objects and arrays."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest

from pipeline.errors import InputError
from pipeline.files.target import Target
from pipeline.sources import source
from tests.replayed import read
from tests.streams.nested_sources import orders

from .test_own_source import own, rows

NESTED = json.dumps(
    {
        "meta": {"placedAt": "2024-03-01T09:30:00.250+01:00"},
        "customer": {"id": "c-7", "address": {"country": "DE"}},
        "payment": {"total": 12.50, "card-number": "4111 1111"},
        "items": [{"sku": "a, {b}"}, {"quantity": 3}],
        "is.paid": True,
        "shipped_at": None,
    }
)


def test_objects_and_arrays_are_read_and_written_where_the_paths_say(tmp_path: Path) -> None:
    text = (
        NESTED
        + "\n"
        + json.dumps({"meta": {"placedAt": "2024-03-01T10:00:00Z"}, "customer": {"id": "d"}})
    )
    found = own(tmp_path, text, orders)
    first, second = rows(found, orders)
    assert str(first.placed_at) == "2024-03-01 08:30:00.250000"
    assert (first.customer, first.country, str(first.total)) == ("c-7", "DE", "12.50")
    assert (first.card_number, first.first_item, first.second_quantity, first.paid) == (
        *("4111 1111", "a, {b}", 3, True),
    )
    assert (second.customer, second.country, second.total, second.first_item) == ("d", *[None] * 3)
    (key, value), _ = found.records
    assert key == b"c-7"
    assert json.loads(value)["items"] == [{"sku": "a, {b}"}, {"quantity": 3}]
    # What was written is read as the same again.
    again = own(tmp_path, b"\n".join(value for _, value in found.records), orders)
    assert again.records == found.records


def test_a_flat_file_fills_objects(tmp_path: Path) -> None:
    header = "placed_at,Customer,total,country,first item,second_quantity,card_number,paid"
    found = own(tmp_path, f"{header}\n2024-03-01 09:30:00,c-7,1.5,DE,a,2,4111,yes\n", orders)
    (row,) = rows(found, orders)
    assert (row.customer, str(row.total), row.country, row.first_item) == ("c-7", "1.50", "DE", "a")
    assert (row.second_quantity, row.card_number, row.paid) == (2, "4111", True)


def test_a_decimal_inside_of_an_object_is_exact_or_left_out(tmp_path: Path) -> None:
    nested = json.loads(NESTED)
    text = json.dumps(nested).replace("12.5", "1234567890.12345678")
    found = own(tmp_path, f"{NESTED}\n{text}\n", orders)
    assert len(found.records) == 1
    (reason,) = found.reasons
    assert reason.startswith("line 2: total is not an amount of decimal(12, 2): ")


def test_objects_and_lists_of_parquet_are_read_as_those_of_json(tmp_path: Path) -> None:
    carts = source(
        topic="carts",
        schema={"at": "timestamp(3)", "who": "string", "tags": "array<string>", "shop": "string"},
        time="at",
        user="who",
        paths={"who": "who.id"},
    )
    row = {
        "at": "2024-03-01 09:30:00",
        "who": {"id": "a"},
        "tags": ["x", None, 'a "quoted", one'],
        "shop": {"country": "DE"},
    }
    path = tmp_path / "carts.parquet"
    pyarrow.parquet.write_table(pa.Table.from_pylist([row]), path)
    ((key, value),) = read(path, target=Target.of(carts)).records
    sent = json.loads(value)
    assert key == b"a"
    assert (sent["who"], sent["tags"], sent["shop"]) == (
        row["who"],
        row["tags"],
        '{"country":"DE"}',
    )


def test_records_inside_of_those_of_a_change_capture_are_found(tmp_path: Path) -> None:
    flat = source(
        topic="flat", schema={"at": "timestamp(3)", "who": "string"}, time="at", required=("who",)
    )
    change = '{"before": null, "after": {"at": "2024-03-01 09:30:00", "who": "a"}, "op": "c"}\n'
    with pytest.raises(InputError, match=r"its records inside of \.after\.") as caught:
        own(tmp_path, change, flat)
    assert "jq -c '.after'" in caught.value.hint


def test_decimals_that_duckdb_misreads_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    long = pa.array([Decimal("1.50")], pa.decimal256(50, 2))
    pyarrow.parquet.write_table(pa.table({"total": long}), path)
    with pytest.raises(InputError, match="decimals of 50 digits in its column total; those of up"):
        read(path, target=Target.of(orders))
