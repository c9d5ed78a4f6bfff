"""Columns inside of objects and arrays are read as Flink 2.3 reads them.

The expectations are what a cluster answered; `tests/e2e/test_nested.py` asks it again.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from pipeline.formats.json.decoder import JsonDecoder
from pipeline.formats.json.nested import NestedReader
from pipeline.formats.kinds import Kind
from pipeline.parity.decoded import decode_json
from pipeline.sources import Source, source
from tests.streams import nested_records
from tests.streams.nested_sources import clicks, orders
from tests.streams.own_records import encoded


def column(dtype: str, path: str, **others: str) -> Source:
    return source(
        topic="t",
        schema={"at": "timestamp(3)", "x": dtype} | others,
        time="at",
        paths={"x": path},
    )


def value(json: str, dtype: str, path: str = "a.b", **others: str) -> Any:
    return NestedReader(column(dtype, path, **others)).read(json.encode()).x


@pytest.mark.parametrize(
    ("path", "json", "expected"),
    [
        ("a.b", '{"a": {"b": "x"}}', "x"),
        ("a.b", '{"a": {"b": {"c": [1]}}}', '{"c":[1]}'),
        ("a.b", '{"a": {"c": "x"}}', None),
        ("a.b", '{"a": null}', None),
        ("a.b", '{"a": "b"}', None),
        ("a.b", '{"a": [{"b": "x"}]}', None),
        ("a.b", '{"a.b": "x"}', None),
        ('"a.b"', '{"a.b": "x"}', "x"),
        ('"say ""x"""', '{"say \\"x\\"": "y"}', "y"),
        ("a-b", '{"a-b": "x"}', "x"),
        ("a[1]", '{"a": ["x", "y"]}', "y"),
        ("a[2]", '{"a": ["x", "y"]}', None),
        ("a[0]", '{"a": {"0": "x"}}', None),
        ("a[0]", '{"a": "xyz"}', None),
        ("a[0][1].b", '{"a": [[null, {"b": "x"}]]}', "x"),
        # Of two fields of one name, the last counts.
        ("a.b", '{"a": {"b": "x"}, "a": {"b": "y"}}', "y"),
    ],
)
def test_where_a_column_is(path: str, json: str, expected: str | None) -> None:
    assert value(json, "string", path) == expected


@pytest.mark.parametrize(
    ("number", "as_double", "as_decimal"),
    [
        ("1", "1", "1"),
        ("-0", "0", "0"),
        ("-0.0", "-0.0", "0"),
        ("1.10", "1.1", "1.1"),
        ("100.00", "100.0", "1E+2"),
        ("0.001", "0.001", "0.001"),
        ("0.0001", "1.0E-4", "0.0001"),
        ("9999999.5", "9999999.5", "9999999.5"),
        ("1e7", "1.0E7", "1E+7"),
        ("12345678.9", "1.23456789E7", "12345678.9"),
        ("5e-324", "4.9E-324", "5E-324"),
        ("123456789012345678901234567890", *["123456789012345678901234567890"] * 2),
    ],
)
def test_numbers_as_text(number: str, as_double: str, as_decimal: str) -> None:
    """Flink reads numbers with a fraction as decimals where a column is one."""
    record = f'{{"a": {{"b": {number}}}}}'
    assert value(record, "string") == as_double
    assert value(record, "string", n="decimal(5, 2)") == as_decimal


@pytest.mark.parametrize(
    ("dtype", "written", "expected"),
    [
        ("int64", "9007199254740993.5", 9007199254740993),
        ("int64", "1e999999999", None),
        ("int64", "1.0e999999999", None),
        ("int8", "1.0", 1),
        ("int8", "10.0", None),
        ("int8", "1.5", None),
        ("int32", "10.0", 10),
        ("decimal(8, 2)", "1.005", Decimal("1.01")),
        ("decimal(8, 2)", '" 1"', None),
        ("decimal(8, 2)", '"1"', Decimal(1)),
        ("boolean", '{"c": 1}', False),
        ("date", "20240101", None),
    ],
)
def test_what_does_not_fit_is_null(dtype: str, written: str, expected: object) -> None:
    record = f'{{"a": {{"b": {written}}}}}'
    assert value(record, dtype, n="decimal(5, 2)") == expected


def test_one_by_one_and_many_at_once_are_the_same() -> None:
    for stream, records in (
        (orders, nested_records.orders(300)),
        (clicks, nested_records.clicks(300)),
    ):
        values = [value for _, value in records]
        reader = NestedReader(stream)
        table, good = decode_json(values, stream)
        assert good.all()
        rows = [{name: getattr(reader.read(v), name) for name in stream.columns} for v in values]
        assert str(table.to_pylist()) == str(rows)


def test_reasons_name_the_path() -> None:
    decoder = JsonDecoder(orders)
    good = {"placedAt": "2024-03-01T10:00:00Z"}
    for fields, kind, reason in (
        ({"meta": good}, Kind.MISSING, "customer (customer.id) is missing"),
        ({"meta": good, "customer": {"id": None}}, Kind.MISSING, "customer (customer.id) is null"),
        ({"meta": {"placedAt": 5}}, Kind.WRONG_TYPE, "placed_at (meta.placedAt) is 5, not "),
    ):
        found = decoder.closely(encoded(fields))
        assert isinstance(found, tuple)
        assert found[0] is kind
        assert found[1].startswith(reason)
    for broken in (b"{", b'{"meta": {"placedAt": "\xff"}}', b'{"meta": {"placedAt": 1'):
        found = decoder.closely(broken)
        assert isinstance(found, tuple)
        assert found[0] is Kind.NOT_JSON
    assert decoder.usual(b"[]") is None
    assert decoder.usual(None) is None
