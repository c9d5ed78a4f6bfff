"""Records of any stream are read as Flink 2.3 reads them, one by one and many at once.

The expectations are what a cluster answered; `tests/e2e/test_own_source.py` asks it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.features.validity import ARRIVED, is_valid
from pipeline.formats.json.decoder import JsonDecoder
from pipeline.formats.json.flink_json import row_reader
from pipeline.formats.kinds import Kind
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.records import Record
from pipeline.parity.decoded import decode_columns
from pipeline.sources import Source, TimeFormat, source
from tests.streams import own_records
from tests.streams.own_records import Raw, encoded
from tests.streams.own_sources import logins, payments, ticks, visits

from .test_flink_json import json_values

ARRIVAL = datetime(2024, 5, 1, 12)
EPOCH = datetime(1970, 1, 1)
SOURCES = [payments, logins, ticks, visits]
_CONNECTION = ibis.duckdb.connect()


def at(time: str) -> datetime:
    return datetime.fromisoformat(time)


@pytest.mark.parametrize(
    ("written", "value", "expected"),
    [
        ("iso", "2024-03-01T09:30:00", at("2024-03-01 09:30:00")),
        ("iso", "2024-03-01T09:30:00Z", at("2024-03-01 09:30:00")),
        ("iso", "2024-03-01T09:30:00.5Z", at("2024-03-01 09:30:00.500")),
        ("iso", "2024-03-01T09:30:00.123999999", at("2024-03-01 09:30:00.123")),
        ("iso", "2024-03-01T00:30:00+02:00", at("2024-02-29 22:30:00")),
        ("iso", "2024-03-01T23:30:00.25-05:45", at("2024-03-02 05:15:00.250")),
        # As Java has it: the last day of the month, and the midnight after.
        ("iso", "2024-02-30T10:00:00", at("2024-02-29 10:00:00")),
        ("iso", "2024-01-01T24:00:00", at("2024-01-02 00:00:00")),
        ("iso", "2024-02-32T10:00:00", None),
        ("iso", "2024-03-01 09:30:00", None),
        ("iso", "2024-03-01T09:30", None),
        ("iso", "2024-03-01T09:30:00+0200", None),
        ("iso", "2024-03-01T09:30:00Z\n", None),
        ("iso", "9999-12-31T23:59:59-01:00", None),
        ("iso", 1709283600, None),
        ("epoch-s", 1709283600, at("2024-03-01 09:00:00")),
        ("epoch-s", "1709283600", at("2024-03-01 09:00:00")),
        ("epoch-s", 1709283600.9, at("2024-03-01 09:00:00")),
        ("epoch-s", -1, at("1969-12-31 23:59:59")),
        ("epoch-s", 1709283600000, None),
        ("epoch-ms", 1709283600250, at("2024-03-01 09:00:00.250")),
        ("epoch-ms", 253402300799999, at("9999-12-31 23:59:59.999")),
        ("epoch-ms", 253402300800000, None),
        ("epoch-ms", "2024-03-01T09:30:00", None),
        ("epoch-us", 1709283600250999, at("2024-03-01 09:00:00.250")),
        ("epoch-us", -1, at("1969-12-31 23:59:59.999")),
        ("epoch-us", 253402300800000000, None),
        ("epoch-ns", 1709283600250999999, at("2024-03-01 09:00:00.250")),
        ("epoch-ns", -1, at("1969-12-31 23:59:59.999")),
        ("epoch-ns", -(2**63), None),
        ("sql", "2024-03-01 09:30:00.250", at("2024-03-01 09:30:00.250")),
        ("sql", "2024-03-01T09:30:00", None),
    ],
)
def test_times(written: str, value: object, expected: datetime | None) -> None:
    columns = {"at": "timestamp(3)"}
    record = json.dumps({"at": value}).encode()
    assert row_reader(columns, TimeFormat(written))(record).at == expected
    table, _ = decode_columns([record, record], columns, TimeFormat(written))
    assert table["at"].to_pylist() == [expected] * 2


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("12.345", "12.35"),
        ("-12.345", "-12.35"),
        ("12.3449999999999999999999", "12.34"),
        ("1e3", "1000.00"),
        ('" 7 "', "7.00"),
        ('".5"', "0.50"),
        ("999999.994", "999999.99"),
        ("999999.995", None),
        ("1e400", None),
        ('"1_000"', None),
        ('"NaN"', None),
        ('"1,5"', None),
        ("true", None),
        ("null", None),
    ],
)
def test_decimals_are_exact(written: str, expected: str | None) -> None:
    row = row_reader({"n": "decimal(8, 2)"})(f'{{"n":{written}}}'.encode())
    assert row.n == (None if expected is None else Decimal(expected))


@pytest.mark.parametrize("written", ["20240229", "2024-W09-4", " 2024-02-29", "2023-02-29"])
def test_a_date_has_one_form(written: str) -> None:
    """Python reads more of them than Flink."""
    read = row_reader({"day": "date", "n": "int64"})
    assert read(b'{"day":"2024-02-29","n":"1"}').day == date(2024, 2, 29)
    assert read(f'{{"day":"{written}","n":"1"}}'.encode()).day is None


def test_a_number_that_is_infinite_in_32_bits_is_invalid() -> None:
    columns = {"at": "timestamp(3)", "ratio": "float32"}
    stream = source(topic="t", schema=columns, time="at")
    ratios = ("3.4028235e38", "3.4028235677e38", "3.4028235678e38", "-1e39")
    values = [f'{{"at":"2024-05-01 12:00:00","ratio":{ratio}}}'.encode() for ratio in ratios]
    assert_agree(stream, values)
    kept = [Record("t", 0, n, 1_800_000_000_000, None, value) for n, value in enumerate(values)]
    good, _ = validate_rows(kept, JsonDecoder(stream))
    assert [record.offset for record, _ in good] == [0, 1]


def test_a_short_column_takes_no_fraction() -> None:
    read = row_reader({"a": "int16", "b": "int32"})
    row = read(b'{"a":7.9,"b":7.9}')
    assert (row.a, row.b) == (None, 7)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"a":1,"b":{"x":1},"c":3}', (1, None, None)),
        (b'{"a":1,"b":{"c":5},"c":3}', (1, None, 5)),
        (b'{"a":1,"b":[1,{"x":2}],"c":3}', (1, None, None)),
        (b'{"a":1,"b":[1,2],"c":3}', (1, None, 3)),
        (b'{"a":1,"other":{"c":5},"c":3}', (1, None, 3)),
    ],
)
def test_an_object_out_of_place_ends_the_row(value: bytes, expected: tuple[Any, ...]) -> None:
    for dtype in ("decimal(8, 2)", "int64"):
        row = row_reader({"a": "int64", "b": dtype, "c": "int64"})(value)
        assert (row.a, row.b, row.c) == expected


def values_of(stream: Source) -> list[bytes | None]:
    """Good, odd and invalid ones."""
    if stream is payments:
        good = [value for _, value in own_records.payments(400)]
        return [*good, *(value for value, _ in own_records.invalid_payments())]
    if stream is logins:
        good = [value for _, value in own_records.logins(100)]
        return [*good, *(value for value, _ in own_records.invalid_logins())]
    if stream is visits:
        return [value for _, value in own_records.visits(100)]
    return [value for _, value in own_records.ticks(20)]


def same(stream: Source, values: list[bytes | None]) -> None:
    """Whether many at once are what they are one by one."""
    table, found = decode_columns(values, stream.columns, stream.time_format)
    read = row_reader(stream.columns, stream.time_format)
    rows = [row for row in map(read, values) if row is not None]
    expected = [{name: getattr(row, name) for name in stream.columns} for row in rows]
    for row in expected:
        for name, value in row.items():
            if isinstance(value, datetime):
                row[name] = value.replace(microsecond=value.microsecond // 1_000 * 1_000)
    assert [_comparable(row) for row in table.to_pylist()] == [_comparable(row) for row in expected]
    assert int(found.sum()) == len(rows)


def _comparable(row: dict[str, Any]) -> dict[str, Any]:
    """The row with a word for NaN, which is not equal to itself."""
    return {name: "NaN" if str(value) == "nan" else value for name, value in row.items()}


@pytest.mark.parametrize("stream", SOURCES, ids=lambda stream: stream.name)
def test_many_at_once_are_what_they_are_one_by_one(stream: Source) -> None:
    values = values_of(stream)
    same(stream, values)
    for value in values:
        same(stream, [value, value])


field_values = (
    json_values
    | st.sampled_from(own_records.ODD_TIMES)
    | st.sampled_from(own_records.ODD_DECIMALS).map(Raw)
    | st.datetimes(datetime(1969, 12, 30), datetime(2025, 1, 1)).map(datetime.isoformat)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    | st.integers(1_714_000_000_000, 1_715_000_000_000)
    | st.decimals(-(10**10), 10**10, places=3).map(lambda number: Raw(f"{number:f}"))
)


def records(stream: Source) -> st.SearchStrategy[bytes]:
    return st.dictionaries(st.sampled_from(sorted(stream.columns)), field_values).map(
        lambda fields: encoded({**_good(stream), **fields})
    )


def _good(stream: Source) -> dict[str, Any]:
    """A valid record."""
    first = next(value for value in values_of(stream) if value)
    fields: dict[str, Any] = json.loads(first)
    return fields


@settings(max_examples=150)
@given(st.data())
def test_words_and_expression_agree(data: st.DataObject) -> None:
    stream = data.draw(st.sampled_from(SOURCES))
    values = data.draw(st.lists(records(stream), max_size=4))
    same(stream, values)  # type: ignore[arg-type]  # a list of bytes is one of bytes or None
    assert_agree(stream, values)


@pytest.mark.parametrize("stream", SOURCES, ids=lambda stream: stream.name)
def test_words_and_expression_agree_on_the_suite(stream: Source) -> None:
    assert_agree(stream, values_of(stream))


def assert_agree(stream: Source, values: Iterable[bytes | None]) -> None:
    """What the quarantine says of records is what the expression says on DuckDB."""
    values = list(values)
    arrived_ms = (ARRIVAL - EPOCH) // timedelta(milliseconds=1)
    table, decoded = decode_columns(values, stream.columns, stream.time_format)
    arrived = pa.array([ARRIVAL] * table.num_rows, pa.timestamp("us"))
    expected = np.zeros(len(values), np.bool_)
    if table.num_rows:
        rows = ibis.memtable(table.append_column(ARRIVED, arrived))
        verdict = _CONNECTION.to_pyarrow(is_valid(rows, stream).fill_null(False))
        expected[decoded] = np.asarray(verdict, np.bool_)
    kept = [
        Record(stream.topic, 0, offset, arrived_ms, None, value)
        for offset, value in enumerate(values)
    ]
    good, bad = validate_rows(kept, JsonDecoder(stream))
    assert {record.offset for record, _ in good} == set(map(int, np.flatnonzero(expected)))
    assert len(good) + len(bad) == len(values)


INVALID = [
    *((payments, value, kind) for value, kind in own_records.invalid_payments()),
    *((logins, value, kind) for value, kind in own_records.invalid_logins()),
]


# Some of the values depend on the time, and pytest's processes have to agree on the names.
@pytest.mark.parametrize(("stream", "value", "kind"), INVALID, ids=range(len(INVALID)))
def test_what_is_invalid_is_said(stream: Source, value: bytes | None, kind: Kind) -> None:
    now = int(datetime.now(UTC).timestamp() * 1_000)
    good, (bad,) = validate_rows(
        [Record(stream.topic, 0, 7, now, None, value)], JsonDecoder(stream)
    )
    assert not good
    assert bad.kind is kind, bad.reason
    assert 0 < len(bad.reason) < 300


def test_a_whole_number_as_label_is_0_or_1() -> None:
    stream = source(topic="t", schema={"at": "timestamp(3)", "bad": "int8"}, time="at", label="bad")

    def kinds(bad: str) -> list[Kind]:
        value = f'{{"at":"2024-05-01 12:00:00","bad":{bad}}}'.encode()
        arrived = (ARRIVAL - EPOCH) // timedelta(milliseconds=1)
        return [
            f.kind
            for f in validate_rows([Record("t", 0, 0, arrived, None, value)], JsonDecoder(stream))[
                1
            ]
        ]

    assert [kinds(bad) for bad in ("0", "1", "null", "2")] == [[], [], [], [Kind.FLAG]]
