"""Files of a stream that a user has declared, as records that its readers accept."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.config import KafkaSettings
from pipeline.errors import ConfigError, InputError
from pipeline.files.mapping import read_options
from pipeline.files.target import TRANSACTIONS, Target
from pipeline.formats.decoders import decoder_of
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.records import Record
from pipeline.sources import TRANSACTION, Source, TimeFormat, source
from pipeline.sources.formats import CSV, TEXTS
from tests.replayed import NOW, Read, file_of, read

PAYMENTS = {
    "rowid": "int32",
    "booked_at": "timestamp(3)",
    "Account": "string",
    "amount": "decimal(38, 9)",
    "left": "string",
    "fraud": "string",
    "blocked": "boolean",
    "tries": "int8",
    "score": "float64",
    "short": "float32",
    "due": "date",
    "settled": "timestamp(3)",
}
HEADER = "rowid,booked at,ACCOUNT,amount,left,fraud,blocked,tries,score,short,due,settled"
ROW = "1,2024-03-01 09:30:00,a,1.50,x,Yes,no,3,0.5,0.1,2024-03-02,2024-03-01 10:00:00.25"


def payments(time_format: str = "sql", **options: Any) -> Source:
    told: dict[str, Any] = {
        "topic": "payments",
        "schema": PAYMENTS,
        "time": "booked_at",
        "time_format": time_format,
        "user": "Account",
        "amount": "amount",
        "label": "fraud",
        "required": ("Account", "amount"),
    }
    return source(**told | options)


def own(folder: Path, text: str | bytes, of: Source | None = None, **options: Any) -> Read:
    return read(file_of(folder, text), target=Target.of(of or payments()), **options)


def rows(found: Read, of: Source | None = None) -> list[Any]:
    """The rows that the source's own decoder makes of the records, all of which are valid."""
    arrived = int(NOW.replace(tzinfo=UTC).timestamp() * 1_000)
    sent = [Record("t", 0, n, arrived, key, value) for n, (key, value) in enumerate(found.records)]
    good, bad = validate_rows(sent, decoder_of(of or payments(), KafkaSettings()))
    assert not bad, bad
    return [row for _, row in good]


def changed(**fields: str) -> str:
    """ROW with other values."""
    names = HEADER.replace("booked at", "booked_at").replace("ACCOUNT", "Account").split(",")
    values = dict(zip(names, ROW.split(","), strict=True)) | fields
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values.values())
    return out.getvalue().strip("\n")


def csv_text(*lines: str) -> str:
    return "\n".join((HEADER, *lines)) + "\n"


def test_transactions_are_those_of_the_tutorial() -> None:
    assert Target.of(TRANSACTION) == TRANSACTIONS


def test_every_type_is_read_and_written(tmp_path: Path) -> None:
    found = own(tmp_path, csv_text(ROW))
    ((key, value),) = found.records
    assert key == b"a"
    assert list(json.loads(value)) == list(PAYMENTS)
    (row,) = rows(found)
    assert (row.rowid, row.Account, row.amount) == (1, "a", Decimal("1.50"))
    assert (row.left, row.fraud, row.blocked, row.tries) == ("x", "Yes", False, 3)
    assert row.short == pytest.approx(0.1)
    assert (row.score, row.due) == (0.5, date(2024, 3, 2))
    assert row.settled == datetime(2024, 3, 1, 10, 0, 0, 250_000)
    assert (found.left_out, found.notes) == ([], [])


def test_what_is_empty_is_null_where_it_may_be(tmp_path: Path) -> None:
    empty = dict.fromkeys(set(PAYMENTS) - {"booked_at", "Account", "amount"}, "")
    found = own(tmp_path, csv_text(changed(**empty)))
    (row,) = rows(found)
    assert {getattr(row, name) for name in empty} == {None}


@pytest.mark.parametrize("name", ["booked_at", "Account", "amount"])
def test_what_is_required_is_not_empty(tmp_path: Path, name: str) -> None:
    found = own(tmp_path, csv_text(changed(**{name: ""}), ROW))
    said = "the time" if name == "booked_at" else name
    assert found.reasons == [f"line 2: {said} is missing"]


@pytest.mark.parametrize(
    ("field", "written", "reason"),
    [
        ("booked_at", "soon", "the time is not YYYY-MM-DD HH:MM:SS or similar"),
        ("booked_at", "1969-12-31 23:59:59", "the time is before 1970"),
        ("booked_at", "2026-01-02 00:00:01", "the time is in the future"),
        ("amount", "1000000000.01", "amount is beyond ±1,000,000,000"),
        ("amount", "dear", "amount is not an amount of decimal(38, 9)"),
        ("fraud", "maybe", "fraud is not yes or no"),
        ("blocked", "maybe", "blocked is not true or false"),
        ("tries", "200", "tries is too large for 8 bits"),
        ("tries", "2.5", "tries is not a whole number"),
        ("score", "NaN", "score is not a number"),
        ("score", "1e301", "score is beyond ±1e+300"),
        ("due", "2024-02-30", "due is not YYYY-MM-DD or similar"),
        ("settled", "noon", "settled is not YYYY-MM-DD HH:MM:SS or similar"),
        ("left", "x" * 1_001, "left has more than 1,000 characters"),
    ],
)
def test_an_invalid_row_is_left_out_and_named(
    tmp_path: Path, field: str, written: str, reason: str
) -> None:
    found = own(tmp_path, csv_text(ROW, changed(**{field: written})))
    (said,) = found.reasons
    assert said.startswith(f"line 3: {reason}")
    assert len(rows(found)) == 1


@pytest.mark.parametrize("written", TimeFormat)
@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-03-01 09:30:00", datetime(2024, 3, 1, 9, 30)),
        ("2024-03-01T09:30:00.123456Z", datetime(2024, 3, 1, 9, 30, 0, 123_000)),
        ("2024-03-01T09:30:00.5+02:00", datetime(2024, 3, 1, 7, 30, 0, 500_000)),
        ("2024-03-01 09:30:00-0530", datetime(2024, 3, 1, 15, 0)),
        ("2024-03-01T09:30+01:00[Europe/Berlin]", datetime(2024, 3, 1, 8, 30)),
        ("1.3.2024 09:30", datetime(2024, 3, 1, 9, 30)),
        ("1709285400250", datetime(2024, 3, 1, 9, 30, 0, 250_000)),
        ("1709285400250999", datetime(2024, 3, 1, 9, 30, 0, 250_000)),
        ("1709285400250999999", datetime(2024, 3, 1, 9, 30, 0, 250_000)),
        ("1709285400", datetime(2024, 3, 1, 9, 30)),
        ("1709285400.25", datetime(2024, 3, 1, 9, 30, 0, 250_000)),
    ],
)
def test_times_are_in_utc_as_the_source_writes_them(
    tmp_path: Path, written: TimeFormat, text: str, time: datetime
) -> None:
    of = payments(written)
    found = own(tmp_path, csv_text(changed(booked_at=text)), of)
    (row,) = rows(found, of)
    seconds = written is TimeFormat.EPOCH_S
    assert row.booked_at == (time.replace(microsecond=0) if seconds else time)


def test_rows_are_sorted_to_the_millisecond_and_moved(tmp_path: Path) -> None:
    lines = [
        changed(rowid=str(n), booked_at=f"2024-03-01 09:30:00.{ms}")
        for n, ms in enumerate(("250", "1", "250", "009"))
    ]
    found = own(tmp_path, csv_text(*lines), shift=timedelta(milliseconds=1))
    assert [row.rowid for row in rows(found)] == [3, 1, 0, 2]
    assert rows(found)[0].booked_at == datetime(2024, 3, 1, 9, 30, 0, 10_000)


def test_a_source_without_a_user_has_no_keys(tmp_path: Path) -> None:
    of = source(topic="ticks", schema={"at": "timestamp(3)", "n": "int64"}, time="at")
    found = own(tmp_path, "at,n\n2024-01-01 00:00:00,7\n2024-01-01 00:00:01,\n", of)
    assert [key for key, _ in found.records] == [None, None]
    assert [row.n for row in rows(found, of)] == [7, None]


def test_columns_and_expressions_are_mapped(tmp_path: Path) -> None:
    maps = ("booked_at=When", "Account=upper(Who)", "amount=CAST(Cents AS DECIMAL(12, 2)) / 100")
    found = own(tmp_path, "When;Who;Cents\n2024-01-01 10:00:00;x;150\n", maps=maps)
    assert found.records[0][0] == b"X"
    assert rows(found)[0].amount == Decimal("1.5")
    (note,) = found.notes
    assert note.startswith("No rowid, left, fraud, ")
    assert note.endswith(": null.")


FILES = {
    "bank export": {"booked_at": "Booked on", "Account": "IBAN", "amount": "replace(Sum, '€', '')"},
    "app log": {"booked_at": "event ->> '$.time'", "amount": "event ->> '$.sum'", "left": "'app'"},
}
BANK = "Booked on;IBAN;Sum;tries\n2024-01-01 10:00:00;DE1;1.50€;3\n"
LOG = '{"event": {"time": "2024-01-01 10:00:00", "sum": 1.5}, "account": "a"}\n'


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        (BANK, "bank export", ("DE1", None, 3)),
        (LOG, "app log", ("a", "app", None)),
        (csv_text(ROW), "columns as they are named", ("a", "x", 3)),
    ],
)
def test_a_layout_of_the_source_is_known_by_its_columns(
    tmp_path: Path, text: str, layout: str, expected: tuple[Any, ...]
) -> None:
    found = own(tmp_path, text, payments(files=FILES))
    assert found.layouts == [layout]
    (row,) = rows(found)
    assert (row.booked_at.year, row.amount) == (2024, Decimal("1.5"))
    assert (row.Account, row.left, row.tries) == expected


def test_what_the_command_says_counts_more_than_a_layout_of_the_source(tmp_path: Path) -> None:
    found = own(tmp_path, BANK, payments(files=FILES), maps=("Account=lower(IBAN)", "left=tries"))
    assert found.layouts == ["bank export"]
    assert (rows(found)[0].Account, rows(found)[0].left) == ("de1", "3")


def test_the_first_layout_of_the_source_that_fits_counts(tmp_path: Path) -> None:
    files = {"one": {"left": "lower(Absent)"}, "two": {"left": "'two'"}, "three": {"left": "'3'"}}
    found = own(tmp_path, csv_text(ROW).replace(",", ";"), payments(files=files))
    assert found.layouts == ["two"]
    assert (rows(found)[0].left, rows(found)[0].Account) == ("two", "a")


def test_a_file_of_no_layout_of_the_source_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        own(tmp_path, BANK.replace("Sum", "Total"), payments(files=FILES))
    assert caught.value.message == f"{tmp_path}/file has no column for booked_at, Account, amount."
    assert caught.value.hint == (
        "Say which column is which: --map booked_at=column --map Account=column "
        "--map amount=column. "
        "The source's files are 'bank export', 'app log', and this is none of them."
    )


def test_an_unknown_field_is_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        read_options(["amt=x"], Target.of(payments()))
    assert caught.value.message == "--map has an unknown field 'amt'."
    assert "booked_at, Account, amount" in caught.value.hint


def test_a_required_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        own(tmp_path, "booked_at,amount\n2024-01-01 00:00:00,1\n")
    assert caught.value.message == f"{tmp_path}/file has no column for Account."
    assert caught.value.hint == "Say which column is which: --map Account=column."


def test_a_record_in_csv(tmp_path: Path) -> None:
    of = payments("iso", format="csv")
    row = changed(Account='say "a,b"', left="", amount="12.5", score="", due="")
    found = own(tmp_path, f"{HEADER}\n{row}\n", of)
    assert found.records == [
        (
            b'say "a,b"',
            b'1,2024-03-01T09:30:00.000Z,"say ""a,b""",12.500000000,,"Yes",false,3,,0.1,,'
            b"2024-03-01T10:00:00.250Z",
        )
    ]


def test_a_file_without_a_record_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no record: 1 row: amount is missing"):
        own(tmp_path, csv_text(changed(amount="")))


VALUES = st.fixed_dictionaries(
    {
        "rowid": st.none() | st.integers(-(2**31), 2**31 - 1),
        "booked_at": st.datetimes(datetime(2002, 1, 1), NOW),
        "Account": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20),
        "amount": st.decimals(-(10**9), 10**9, places=9),
        "left": st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20),
        "fraud": st.none() | st.sampled_from(["Yes", "no", "TRUE", "0"]),
        "blocked": st.none() | st.booleans(),
        "tries": st.none() | st.integers(-128, 127),
        "score": st.none() | st.floats(-1e300, 1e300),
        "short": st.none() | st.floats(-(2.0**100), 2.0**100, width=32),
        "due": st.none() | st.dates(date(1900, 1, 1), date(2100, 1, 1)),
        "settled": st.none() | st.datetimes(datetime(2002, 1, 1), datetime(2100, 1, 1)),
    }
)


def as_json(fields: dict[str, Any], written: TimeFormat) -> str:
    """A record as a producer of the source may write it."""
    parts = []
    for name, given_ in fields.items():
        text = json.dumps(given_, default=str)
        if isinstance(given_, Decimal):
            text = f"{given_:f}"
        elif isinstance(given_, datetime):
            ms = int(given_.replace(tzinfo=UTC).timestamp() * 1_000)
            text = {
                TimeFormat.SQL: json.dumps(str(given_)),
                TimeFormat.ISO: json.dumps(f"{given_.isoformat()}Z"),
                TimeFormat.EPOCH_S: str(ms // 1_000),
                TimeFormat.EPOCH_MS: str(ms),
                TimeFormat.EPOCH_US: str(ms * 1_000),
                TimeFormat.EPOCH_NS: str(ms * 1_000_000),
            }[written]
        parts.append(f"{json.dumps(name)}: {text}")
    return f"{{{', '.join(parts)}}}"


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=10, deadline=None
)
@given(
    st.lists(VALUES, min_size=1, max_size=8),
    st.sampled_from(TimeFormat),
    st.booleans(),
    st.sampled_from(TEXTS),
)
def test_what_the_source_s_producer_writes_is_sent_as_it_is(
    tmp_path: Path, told: Sequence[dict[str, Any]], written: TimeFormat, array: bool, format: str
) -> None:
    """Every record that replay writes is read by the source's decoder as the original is."""
    of = payments(written, format=format)
    lines = [as_json(fields, written) for fields in told]
    text = f"[{','.join(lines)}]" if array else "\n".join(lines)
    found = own(tmp_path, text, of)
    assert found.left_out == []
    decoder = decoder_of(payments(written), KafkaSettings())
    originals: list[Any] = [decoder.closely(line.encode()) for line in lines]
    originals.sort(key=lambda row: row.booked_at)
    sent = rows(found, of)
    for original, row in zip(originals, sent, strict=True):
        for name, dtype in PAYMENTS.items():
            before, after = getattr(original, name), getattr(row, name)
            if isinstance(before, datetime):
                before = before.replace(microsecond=before.microsecond // 1_000 * 1_000)
            if before == "" and format == CSV:
                before = None
            assert (after == pytest.approx(before)) if dtype == "float32" else after == before, name


_PARSED = "Account=CAST(strptime(ACCOUNT, '%Y') AS VARCHAR)"


def test_nothing_sensitive_is_quoted_of_a_row_that_is_left_out(tmp_path: Path) -> None:
    of = payments(sensitive=("Account", "amount"))
    for line, place, quoted in (
        (changed(amount="Zephyrine"), "line 2: amount is not an amount of decimal(38, 9)", "••••"),
        (changed(amount="12345678x"), "line 2: amount is not an amount of decimal(38, 9)", "••••"),
        (changed(tries="many"), "line 2: tries is not a whole number", "'many'"),
        (f"{ROW},Zephyrine", "line 2: the number of fields is not that of the header", "••••"),
    ):
        found = own(tmp_path, csv_text(line, ROW), of)
        assert found.reasons == [f"{place}: {quoted}"]
    mapped = "Account=CAST(CAST(ACCOUNT AS BIGINT) AS VARCHAR)"
    with pytest.raises(InputError, match="Could not convert string ••••"):
        own(tmp_path, csv_text(ROW.replace(",a,", ",Zephyrine,")), of, maps=(mapped,))
    with pytest.raises(InputError, match="Could not parse string ••••") as caught:
        own(tmp_path, csv_text(ROW.replace(",a,", ",Zephyrine,")), of, maps=(_PARSED,))
    assert "Zephyrine" not in str(caught.value)
