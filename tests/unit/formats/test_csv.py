"""Records in CSV are read as Flink 2.3 reads them.

The expectations are what Flink's format answered; `tests/e2e/test_csv.py` asks a cluster again.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from math import inf
from typing import Any, Final

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.config import KafkaSettings
from pipeline.features import validity
from pipeline.flink import source_table
from pipeline.formats import java_values
from pipeline.formats.csv.decoder import CsvDecoder
from pipeline.formats.csv.line import NotCsvError, fields_of
from pipeline.formats.decoders import decoder_of
from pipeline.formats.kinds import Kind
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.parity.decoded import columns_of
from pipeline.sources import Source, source
from pipeline.sources.formats import SEPARATORS
from pipeline.sources.masking import Mask
from tests.streams import csv_records
from tests.streams.csv_sources import transfers

ARRIVED: Final = int(datetime.now(UTC).timestamp() * 1_000)


def columns(dtype: str, time_format: str = "sql") -> Source:
    return source(
        topic="t",
        schema={"at": "timestamp(3)", "x": dtype},
        time="at",
        time_format=time_format,
        format="csv",
    )


def value(field: str, dtype: str, time_format: str = "sql") -> Any:
    line = f'x,"{field}"'.encode()
    return CsvDecoder(columns(dtype, time_format)).usual(line).x


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b"a,b", ["a", "b"]),
        (b"a", ["a"]),
        (b",", ["", ""]),
        (b"a,b,", ["a", "b"]),
        (b"a,b, \t", ["a", "b"]),
        (b'a,b,""', ["a", "b"]),
        (b" a , b ", [" a ", " b "]),
        (b'"a","b"', ["a", "b"]),
        (b'"a,""b""\r\n",b', ['a,"b"\r\n', "b"]),
        (b'"a" \t,b', ["a", "b"]),
        (b'"a"\x00,b', ["a", "b"]),
        (b'a"b,"" ', ['a"b', ""]),
        (b'a, "b"', ["a", ' "b"']),
        (b"a,b\nc,d", ["a", "b"]),
        (b"a,b\rc", ["a", "b"]),
        (b'a,b\r\n"', ["a", "b"]),
        (b'a,"b"\nc', ["a", "b"]),
        (b"\na,b", [""]),
        (b"# a,b", ["# a", "b"]),
        (b"\xef\xbb\xbfa,b", ["a", "b"]),
        ("ü,€".encode(), ["ü", "€"]),
        ("a,ü".encode("utf-16"), ["a", "ü"]),
        ("a,ü".encode("utf-16-be"), ["a", "ü"]),
        ("a,ü".encode("utf-32"), ["a", "ü"]),
        # As Java's programs write some characters.
        (b"a,\xc0\x80", ["a", "\0"]),
        (b"a,\xed\xa0\xbd\xed\xb8\x80", ["a", "😀"]),
        (b"a,\xed\xa0\xbd", ["a", "?"]),
        # The rest is not looked at.
        (b"a,b\nc\xff", ["a", "b"]),
    ],
)
def test_fields_of_a_line(line: bytes, fields: list[str]) -> None:
    assert fields_of(line, 2, ",") == fields


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"a,b,c", "it has 3 columns, not 2"),
        (b"a,b,,", "it has 4 columns, not 2"),
        (b"a,b,\xc2\xa0", "it has 3 columns, not 2"),
        (b'a,"b', "the quotation marks of column 2 do not end"),
        (b'"a"b,c', "more follows the quotation marks of column 1"),
        (b'"a" "b"', "more follows the quotation marks of column 1"),
        (b"a,\xff", "it is not UTF-8"),
        (b'a,"b\xff"', "it is not UTF-8"),
        (b'a,"b"\xff', "it is not UTF-8"),
        (b"a,b\xc3", "it is not UTF-8"),
        (b"a,b\n\xff", "it is not UTF-8"),
        (b"a,b\r\n\xff", "it is not UTF-8"),
        (b"\xff\xfe", "there is no text in it"),
        ("a,b".encode("utf-32") + b"\xff\xff\xff\xff", "it is not UTF-8"),
    ],
)
def test_what_is_not_csv_says_why(line: bytes, said: str) -> None:
    with pytest.raises(NotCsvError) as caught:
        fields_of(line, 2, ",")
    assert str(caught.value) == said
    assert CsvDecoder(columns("string")).closely(line) == (Kind.NOT_CSV, said)
    assert CsvDecoder(columns("string")).usual(line) is None


@pytest.mark.parametrize(
    ("dtype", "field", "expected"),
    [
        ("int64", "9223372036854775807", 2**63 - 1),
        ("int64", "9223372036854775808", None),
        ("int64", " +5\t", 5),
        ("int64", "\x01-5\x1f", -5),
        ("int64", "\xa05", None),
        ("int64", "1.0", None),
        ("int64", "1_0", None),
        ("int64", "٣", 3),
        ("int64", "𝟏", None),
        ("int64", "0" * 5_000, 0),
        ("int64", "1" * 5_000, None),
        ("int8", "-128", -128),
        ("int8", "128", None),
        ("float64", "1e3", 1000.0),
        ("float64", "1.5d", 1.5),
        ("float64", "-0x.8p1F", -1.0),
        ("float64", "-0x1p9999", -inf),
        ("float64", "-Infinity", -inf),
        ("float64", "inf", None),
        ("float64", "٣", None),
        ("float64", "0x1", None),
        ("boolean", " TRUE ", True),
        ("boolean", "yes", False),
        ("boolean", "1", False),
        ("decimal(6, 2)", "1.005", Decimal("1.01")),
        ("decimal(6, 2)", "-0.001", Decimal(0)),
        ("decimal(6, 2)", "9999.995", None),
        ("decimal(6, 2)", " 1", None),
        ("decimal(6, 2)", "٣.5", Decimal("3.50")),
        ("decimal(6, 2)", "1e400", None),
        ("date", "2024-2-3", date(2024, 2, 3)),
        ("date", "2023-02-31", date(2023, 3, 3)),
        ("date", "2024-12-32", None),
        ("date", "2024-13-01", None),
        ("date", "20240301", None),
        ("date", " 2024-03-01", None),
        ("date", "1582-10-10", date(1582, 10, 20)),
        ("date", "1500-02-29", None),
        ("date", "1500-02-30", date(1500, 3, 1)),
        ("date", "0000-03-31", date(1, 3, 31)),
        ("date", "+123-1-+1", date(123, 1, 1)),
        ("timestamp(3)", " 2024-02-30 24:00:00 ", datetime(2024, 3, 1)),
        ("timestamp(3)", "2024-03-01T00:00:00", None),
        ("string", " ", " "),
        ("string", "null", "null"),
        ("string", "\\N", "\\N"),
    ],
)
def test_a_field_of_each_type(dtype: str, field: str, expected: object) -> None:
    assert value(field, dtype) == expected


@pytest.mark.parametrize(
    "dtype", ["string", "int32", "float64", "boolean", "date", "timestamp(3)", "decimal(6, 2)"]
)
def test_an_empty_field_is_null(dtype: str) -> None:
    decoder = CsvDecoder(columns(dtype))
    for line in (b"x,", b'x,""', b"x"):
        assert decoder.usual(line).x is None


@pytest.mark.parametrize(
    ("written", "field"),
    [
        ("iso", "2024-03-01T10:30:00.250+01:00"),
        ("epoch-ms", " 1709285400250 "),
        ("epoch-s", "1709285400"),
        ("sql", "2024-03-01 09:30:00.25"),
    ],
)
def test_times_in_each_format(written: str, field: str) -> None:
    row = CsvDecoder(columns("string", written)).usual(f"{field},a".encode())
    assert row.at.replace(microsecond=0) == datetime(2024, 3, 1, 9, 30)
    assert CsvDecoder(columns("string", written)).usual(b"soon,a").at is None


INVALID = list(csv_records.invalid_transfers())


# One of them holds the present time, which differs between the processes that run the tests.
@pytest.mark.parametrize(("record", "kind"), INVALID, ids=map(str, range(len(INVALID))))
def test_invalid_records_are_reported_by_kind(record: bytes | None, kind: Kind) -> None:
    good, (bad,) = validate_rows([at(record)], CsvDecoder(transfers))
    assert not good
    assert bad.kind is kind, bad.reason
    assert 0 < len(bad.reason) < 100 and bad.reason.isprintable()


def test_reasons_name_the_column() -> None:
    decoder = decoder_of(transfers, KafkaSettings())
    for line, reason in (
        (b"2024-03-01 10:00:00,a", "amount is missing"),
        (b"2024-03-01 10:00:00,,1", "account is empty"),
        (b"soon\x1b,a,1", "at is soon\\x1b, not YYYY-MM-DD HH:MM:SS"),
        (b"2024-03-01 10:00:00,a,much", "amount is much, not a decimal(12, 2)"),
    ):
        found = decoder.closely(line)
        assert isinstance(found, tuple)
        assert found[1] == reason


def test_one_by_one_and_many_at_once_are_the_same() -> None:
    values = [value for _, value in csv_records.transfers(500)]
    decoder = CsvDecoder(transfers)
    table, good = columns_of(values, transfers.columns, decoder.usual)
    rows = [row for line in values if (row := decoder.usual(line)) is not None]
    assert 300 < len(rows) == good.sum() < len(values)
    assert table["account"].to_pylist() == [row.account for row in rows]
    valid, bad = validate_rows(map(at, values), decoder)
    assert len(valid) > 200 and len({each.kind for each in bad}) > 2


def test_words_and_expression_agree() -> None:
    """What the quarantine says of records is what the expression says on DuckDB."""
    values = [
        *(value for _, value in csv_records.transfers(1_500, seed=8)),
        *(value for value, _ in csv_records.invalid_transfers()),
    ]
    decoder = CsvDecoder(transfers)
    table, decoded = columns_of(values, transfers.columns, decoder.usual)
    arrived = pa.array([ARRIVED] * table.num_rows, pa.int64()).cast(pa.timestamp("ms"))
    rows = ibis.memtable(table.append_column(validity.ARRIVED, arrived))
    verdict = validity.is_valid(rows, transfers).fill_null(False)
    expected = np.zeros(len(values), np.bool_)
    expected[decoded] = np.asarray(ibis.duckdb.connect().to_pyarrow(verdict), np.bool_)
    records = [replace(at(value), offset=number) for number, value in enumerate(values)]
    good, bad = validate_rows(records, decoder)
    assert [record.offset for record, _ in good] == list(np.flatnonzero(expected))
    assert len(good) > 700 and len(bad) > 100


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), min_size=1))
def test_what_writers_of_csv_write_is_read(fields: list[str]) -> None:
    """All quoted, as Python and Jackson write whatever needs it."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(fields)
    assert fields_of(out.getvalue().encode(), len(fields), ",") == fields


@pytest.mark.parametrize(
    ("separator", "line", "fields"),
    [
        (";", 'a,b;"c;d" ;', ["a,b", "c;d", ""]),
        ("|", "a|b|1,5", ["a", "b", "1,5"]),
        ("\t", '"a\tb"\t\t"c" ', ["a\tb", "", "c"]),
        ("\t", '"a" \t b\t"c"\t', ["a", " b", "c"]),
    ],
)
def test_other_separators(separator: str, line: str, fields: list[str]) -> None:
    assert fields_of(line.encode(), 3, separator) == fields


@given(st.binary(min_size=1), st.integers(1, 4), st.sampled_from(SEPARATORS))
@example(b"\xf7\xbf\xbf\xbf", 1, ",")
def test_any_bytes_are_fields_or_are_not_csv(record: bytes, most: int, separator: str) -> None:
    try:
        fields = fields_of(record, most, separator)
    except NotCsvError as error:
        assert str(error)
        return
    assert 1 <= len(fields) <= most
    text = "".join(fields)
    # Halves of characters were replaced.
    assert text.encode().decode() == text


@given(st.integers() | st.floats(allow_nan=False) | st.decimals(allow_nan=False))
def test_numbers_as_python_writes_them(number: float | Decimal) -> None:
    text = str(number)
    if isinstance(number, int):
        assert java_values.whole(text, 64) == (number if abs(number) < 2**63 else None)
    if isinstance(number, float) and abs(number) != inf:
        assert java_values.number(text) == number


def test_fields_are_shown_by_column() -> None:
    line = b'2024-03-01 10:00:00,"a ""b""",1.50,,secret,x,7,3.5,2, NaN,0.5,yes,2024-2-3,'
    readable = Readable(KafkaSettings(), [transfers])
    raw = Record(transfers.topic, 0, 0, ARRIVED, b"secret", line)
    (shown,) = readable.all([raw])
    assert shown.value is not None
    assert json.loads(shown.value, parse_float=str) == {
        "at": "2024-03-01 10:00:00",
        "account": 'a "b"',
        "amount": "1.50",
        "settled_at": None,
        "note": "secret",
        "big": "x",
        "num": 7,
        "small": "3.5",
        "tiny": 2,
        "score": " NaN",
        "ratio": "0.5",
        "ok": False,
        "day": "2024-2-3",
        "fee": None,
    }
    hidden = Mask(transfers.sensitive_fields)
    masked = hidden.json(shown.value)
    assert masked is not None and b"secret" not in masked and b"1.50" in masked
    for not_csv in (b'a,"', b""):
        (same,) = readable.all([at(not_csv)])
        assert same.value == not_csv
    elsewhere = Record("other", 0, 0, ARRIVED, None, line)
    assert readable.all([elsewhere]) == [elsewhere]


def test_the_table_of_a_source_in_csv() -> None:
    table, view = source_table.statements(transfers, KafkaSettings(), "group")
    assert "'format' = 'csv'" in table
    assert "'csv.ignore-parse-errors' = 'true'" in table
    assert "'csv.null-literal' = ''" in table
    assert "json" not in table
    named = [line.split("`")[1] for line in table.splitlines() if line.startswith("  `")]
    assert named[: len(transfers.columns)] == list(transfers.columns)
    assert "`account` STRING," in table and "`note`" in view


def test_every_way_of_the_records_is_there() -> None:
    """The streams of the end-to-end test hold what they are for."""
    seen = Counter(
        found[0]
        for _, line in csv_records.transfers(3_000)
        if isinstance(found := CsvDecoder(transfers).closely(line), tuple)
    )
    assert set(seen) == {Kind.NOT_CSV, Kind.MISSING, Kind.WRONG_TYPE}


def at(record: bytes | None) -> Record:
    return Record(transfers.topic, 0, 7, ARRIVED, None, record)
