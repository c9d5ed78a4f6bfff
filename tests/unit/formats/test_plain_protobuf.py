"""Records in Protobuf without the ids of schemas, read as Flink reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pytest
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import KafkaSettings
from pipeline.errors import InputError
from pipeline.flink import source_table
from pipeline.formats.decoders import decoder_of, require_readable
from pipeline.formats.kinds import Kind
from pipeline.formats.protobuf.message import files_of, for_java, java_class, message_of
from pipeline.formats.protobuf.wire import as_java_reads
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.sources import Source, source
from tests import streams
from tests.streams.protobuf_sources import logins, payments

PROTO: Final = streams.FOLDER / "payment.proto"
ARRIVED: Final = 1_709_290_000_000
START: Final = "1970-01-01T00:00:00Z"
NONE: Final[dict[str, Any]] = {
    "booked_at": datetime(1970, 1, 1), "account": "", "amount": 0.0, "channel": "UNKNOWN",
    "chargeback": False, "fee": None, "first_card": None, "issued": None, "items": 0, "serial": 0,
    "installments": 0, "score": 0.0, "change": 0, "second_tag": None, "branch": 0, "tip": None,
}  # fmt: skip


def message(values: Mapping[str, Any], of: Source = payments) -> Message:
    made: Message = GetMessageClass(message_of(of))()
    return json_format.ParseDict(dict(values), made)


def at(value: bytes | None, offset: int = 0, topic: str = payments.topic) -> Record:
    return Record(topic, 0, offset, ARRIVED, None, value)


def read(value: bytes, of: Source = payments) -> dict[str, Any]:
    row = decoder_of(of, KafkaSettings()).usual(value)
    return {name: getattr(row, name) for name in of.columns}


PAID: Final[dict[str, Any]] = {
    "booked_at": "2024-03-01T09:00:00.123Z", "account": "DE89", "amount": 2.5, "channel": "APP",
    "chargeback": True, "fee": {"cents": 7}, "items": 2, "serial": "3", "installments": 0,
    "cards": [{"number": "4111", "issued": "2020-01-01T00:00:00Z"}], "score": 0.25, "change": "-9",
    "tags": ["a", "ü"], "branch": 4, "tip": "0", "more": {"a": "b"}, "class": "gold",
}  # fmt: skip


def test_a_record_is_read_as_flink_reads_it() -> None:
    assert read(message(PAID).SerializeToString()) == {
        "booked_at": datetime(2024, 3, 1, 9, 0, 0, 123_000), "account": "DE89", "amount": 2.5,
        "channel": "APP", "chargeback": True, "fee": 7, "first_card": "4111",
        "issued": datetime(2020, 1, 1), "items": 2, "serial": 3, "installments": 0, "score": 0.25,
        "change": -9, "second_tag": "ü", "branch": 4, "tip": 0,
    }  # fmt: skip
    login = message({"at_ms": "1709283600123", "user": "me"}, logins).SerializeToString()
    assert read(login, logins) == {"at_ms": datetime(2024, 3, 1, 9, 0, 0, 123_000), "user": "me"}


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, {}),
        ({"fee": {}}, {"fee": 0}),
        ({"cards": [{}, {"number": "2"}]}, {"first_card": ""}),
        ({"tags": ["one"]}, {"second_tag": None}),
        ({"items": 2**32 - 2, "serial": str(2**63)}, {"items": -2, "serial": -(2**63)}),
        ({"app": "x"}, {"branch": 0}),
        ({"channel": 9}, {"channel": "UNRECOGNIZED"}),
    ],
)
def test_absent_and_odd_values(values: dict[str, Any], found: dict[str, Any]) -> None:
    value = message({"booked_at": START} | values).SerializeToString()
    assert read(value) == NONE | found


@pytest.mark.parametrize(
    ("seconds", "nanos", "found"),
    [
        (5, -1, datetime(1970, 1, 1, 0, 0, 5)),
        (5, -1_000_000, datetime(1970, 1, 1, 0, 0, 4, 999_000)),
        (-1, 999_999_999, datetime(1969, 12, 31, 23, 59, 59, 999_000)),
        (2**62, 0, datetime(1970, 1, 1)),
        (2**60, 0, None),
        (10**12, 0, None),
    ],
)
def test_times_overflow_as_in_java(seconds: int, nanos: int, found: datetime | None) -> None:
    made: Any = message({})
    made.booked_at.seconds, made.booked_at.nanos = seconds, nanos
    row = decoder_of(payments, KafkaSettings()).usual(made.SerializeToString())
    assert (row and row.booked_at) == found


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, Kind.EMPTY, "the value is empty"),
        (b"", Kind.EMPTY, "the value is empty"),
        (b"\xff", Kind.NOT_PROTOBUF, "it is no shop.Payment"),
        (b"\x12\x01\xff", Kind.NOT_PROTOBUF, "it is no shop.Payment"),
        (b'{"account": "me"}', Kind.NOT_PROTOBUF, "it is no shop.Payment"),
        (b"\x12\x01x", Kind.MISSING, "booked_at is missing"),
        (b"\x0a\x07\x08\xff\xff\xff\xff\xff\x7f", Kind.WRONG_TYPE, "booked_at is no time of"),
        (message(PAID | {"amount": 1e12}).SerializeToString(), Kind.AMOUNT, "amount is 1e+12"),
    ],
)
def test_what_is_invalid_is_said(value: bytes | None, kind: Kind, said: str) -> None:
    good = message(PAID).SerializeToString()
    found, (bad,) = validate_rows([at(good), at(value, 9)], decoder_of(payments, KafkaSettings()))
    assert len(found) == 1
    assert (bad.kind, bad.record.offset, kind.stops_jobs) == (kind, 9, False)
    assert said in bad.reason


def test_an_empty_value_is_a_message_of_defaults() -> None:
    """Flink reads one as well, whose time is no null here."""
    found, bad = validate_rows([at(b""), at(None, 1)], decoder_of(logins, KafkaSettings()))
    assert [(row.at_ms, row.user) for _, row in found] == [(datetime(1970, 1, 1), "")]
    assert [each.kind for each in bad] == [Kind.EMPTY]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        # A tenth byte, whatever is in it, is the last bit of a number; see protobuf-java.
        ("08fcffffffffffffffff6c", {"at_ms": datetime(1969, 12, 31, 23, 59, 59, 996_000)}),
        ("08fcffffffffffffffff01", {"at_ms": datetime(1969, 12, 31, 23, 59, 59, 996_000)}),
        # Bits of a tag and of a length beyond the 32nd do not count.
        ("8880808070051201" + "78", {"user": "x"}),
        ("1281808080f00178", {"user": "x"}),
    ],
)
def test_numbers_that_are_too_long(written: str, found: dict[str, Any]) -> None:
    row = read(bytes.fromhex(written), logins)
    assert row == {"at_ms": row["at_ms"], "user": row["user"]} | found


@settings(deadline=None)
@given(
    st.text(max_size=30), st.lists(st.text(max_size=9)), st.integers(-(2**63), 2**63 - 1),
    st.integers(0, 2**64 - 1),
)  # fmt: skip
def test_what_producers_write_is_left_as_it_is(
    text: str, tags: list[str], change: int, serial: int
) -> None:
    made: Any = message({"account": text, "tags": tags, "change": str(change)})
    made.serial = serial
    made.cards.add().number = text
    value = made.SerializeToString(deterministic=True)
    assert as_java_reads(value, message_of(payments)) == value


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_any_bytes_are_a_row_or_a_fault(value: bytes) -> None:
    decoder = decoder_of(payments, KafkaSettings())
    found = decoder.closely(value)
    assert (decoder.usual(value) is None) == isinstance(found, tuple)


def test_they_are_shown_as_json() -> None:
    prefixed = KafkaSettings(topic_prefix="team.")
    topic = f"team.{payments.topic}"
    value = message(PAID).SerializeToString()
    good, bad = Readable(prefixed, [payments]).all([at(value, 0, topic), at(b"\xff", 1, topic)])
    shown = json.loads(good.value or b"")
    assert shown | {"account": "DE89", "fee": {"cents": 7, "currency": ""}} == shown
    assert bad.value == b"\xff"


def declared(proto: Path, name: str = "M", dtype: str = "int64", **more: Any) -> Source:
    return source(
        topic="t",
        format="protobuf",
        message=name,
        proto=proto,
        schema={"at": "timestamp(3)", "n": dtype},
        time="at",
        **more,
    )


@pytest.mark.parametrize(
    ("text", "name", "dtype", "said"),
    [
        ("message M {\n  Foo n = 1; }", "M", "int64", 'm.proto cannot be compiled (3:3: "Foo" is'),
        ('import "x.proto";', "M", "int64", '(2:1: Import "x.proto" was not found'),
        ("message M {", "M", "int64", "m.proto cannot be compiled (2:12: Reached end of input"),
        ("message N {}", "M", "int64", "no message 'M' in"),
        ("message M { google.protobuf.Timestamp at = 1; }", "M", "int64", "column 'n' (m.proto:2)"),
        ("message M { int64 at = 1; int64 n = 2; }", "M", "int64", "at is written as int64"),
        (
            "message M { google.protobuf.Timestamp at = 1;\nint32 n = 2; }", "M", "int64",
            "column 'n' is read as int64, but n is written as int32 (m.proto:3)",
        ),
        (
            "message M { google.protobuf.Timestamp at = 1; bytes n = 2; }", "M", "string",
            "column 'n' is read as string, but n cannot be a column",
        ),
        (
            "message M { google.protobuf.Timestamp at = 1; repeated int64 n = 2; }", "M", "int64",
            "has no n for column",
        ),
        (
            "message M { google.protobuf.Timestamp at = 1; map<int64, int64> n = 2; }", "M",
            "int64", "has no n for column",
        ),
        (
            "message M { google.protobuf.Timestamp at = 1;\n"
            "repeated int64 x = 3; int64 x_count = 2; }",
            "M", "int64", "x_count and x have one name in Java (m.proto:3), so Flink finds none",
        ),
        (
            "enum E { A = 0; } message M { google.protobuf.Timestamp at = 1; E x = 3;\n"
            "int64 x_value = 2; }",
            "M", "int64", "x_value and x have one name in Java (m.proto:3), so Flink finds none",
        ),
        (
            "message M { google.protobuf.Timestamp at = 1; double n = 2; }", "M",
            "decimal(12, 2)", "is read as decimal(12, 2), but n is written as float64",
        ),
    ],
)  # fmt: skip
def test_a_message_that_does_not_fit(
    text: str, name: str, dtype: str, said: str, tmp_path: Path
) -> None:
    needed = 'import "google/protobuf/timestamp.proto"; ' if "google" in text else ""
    (tmp_path / "m.proto").write_text(f'syntax = "proto3"; {needed}\n{text}')
    path = next((each for each in ("x_count", "x_value") if each in text), "n")
    found = declared(tmp_path / "m.proto", name, dtype, paths={"n": path})
    for use in (
        lambda: require_readable(found, KafkaSettings()),
        lambda: decoder_of(found, KafkaSettings()),
        lambda: source_table.statements(found, KafkaSettings(), "group"),
    ):
        with pytest.raises(InputError) as caught:
            use()
        assert said in str(caught.value)
    # Records are shown all the same.
    assert Readable(KafkaSettings(), [found]).all([at(b"x", 0, "t")]) == [at(b"x", 0, "t")]


def test_messages_of_proto2_are_refused(tmp_path: Path) -> None:
    (tmp_path / "m.proto").write_text(
        '\nsyntax = "proto2"; message M { optional int64 at = 1; optional int64 n = 2; }'
    )
    with pytest.raises(InputError, match=r"m\.proto:2 is no proto3"):
        message_of(declared(tmp_path / "m.proto", time_format="epoch-ms"))


def test_options_may_be_of_proto2(tmp_path: Path) -> None:
    (tmp_path / "rules.proto").write_text(
        'syntax = "proto2"; import "google/protobuf/descriptor.proto";'
        "message Rule { optional int64 least = 1; }"
        "extend google.protobuf.FieldOptions { optional Rule rule = 50001; }"
    )
    (tmp_path / "m.proto").write_text(
        'syntax = "proto3"; import "rules.proto";'
        "message M { int64 at = 1 [(rule).least = 3]; int64 n = 2; Rule other = 3; }"
    )
    assert message_of(declared(tmp_path / "m.proto", time_format="epoch-ms")).name == "M"
    with pytest.raises(InputError, match=r"rules\.proto:1 is no proto3"):
        message_of(
            declared(tmp_path / "m.proto", time_format="epoch-ms", paths={"n": "other.least"})
        )


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"proto": ""}, "a source in protobuf needs a message and a proto"),
        ({"message": ""}, "a source in protobuf needs a message and a proto"),
        ({"format": "json"}, "message is for protobuf, and its format is json"),
        ({"proto": "none.proto"}, "there is no file "),
    ],
)
def test_declarations_that_cannot_be(changes: dict[str, Any], said: str) -> None:
    given: dict[str, Any] = {
        "format": "protobuf",
        "message": "shop.Login",
        "proto": PROTO,
    } | changes
    with pytest.raises(InputError) as caught:
        source(topic="t", schema={"at_ms": "timestamp(3)"}, time="at_ms", **given)
    assert said in str(caught.value)


def test_a_path_begins_at_the_file_of_the_declaration() -> None:
    assert payments.proto == str(PROTO)


def test_the_table_reads_the_class_of_the_message() -> None:
    table, view = source_table.statements(payments, KafkaSettings(), "group")
    name = java_class(message_of(payments))
    assert f"'format' = 'protobuf',\n  'protobuf.message-class-name' = '{name}'" in table
    assert "'protobuf.ignore-parse-errors' = 'true'" in table
    assert "`booked_at` ROW<`seconds` BIGINT, `nanos` INT>,\n" in table
    assert "`cards` ARRAY<ROW<`number` STRING, `issued` ROW<`seconds` BIGINT" in table
    assert "(`booked_at`.`seconds` * 1000 + `booked_at`.`nanos` / 1000000)" in table
    assert "`booked_at_read` AS `booked_at`" in view


def test_classes_have_names_of_their_own() -> None:
    """Whatever the files say, and however they change."""
    files = for_java(files_of(payments))
    packages = {file.name: file.options.java_package for file in files.file}
    assert packages["google/protobuf/timestamp.proto"] == "com.google.protobuf"
    assert packages["payment.proto"].startswith("fraudwatch.protobuf.of")
    assert packages["money.proto"] != packages["payment.proto"]
    assert java_class(message_of(payments)) == f"{packages['payment.proto']}.Payment"
    card = message_of(payments).nested_types_by_name["Card"]
    assert java_class(card) == f"{packages['payment.proto']}.Payment$Card"
    assert files_of(payments).file[-1].options.java_package == "com.example.payments"
