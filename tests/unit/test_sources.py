"""Declarations of streams: what they say, and what is said of one that cannot be."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import contract
from pipeline.errors import InputError
from pipeline.sources import TRANSACTION, Source, TimeFormat, source
from pipeline.sources.column_types import TYPES, canonical
from pipeline.sources.durations import duration, in_words
from pipeline.sources.paths import Path, parsed, written_path

GOOD: dict[str, Any] = {
    "topic": "payments.v2",
    "schema": {"at": "timestamp(3)", "who": "string", "amount": "decimal(12, 2)", "bad": "boolean"},
    "time": "at",
}


def declared(**changes: Any) -> Source:
    return source(**(GOOD | changes))


def test_what_is_not_said_has_a_default() -> None:
    found = declared()
    assert (found.watermark, found.idle) == (timedelta(seconds=30), timedelta(seconds=10))
    assert (found.time_format, found.format) == (TimeFormat.SQL, "json")
    assert (found.user, found.amount, found.label) == (None, None, None)
    # A record without a time has no place.
    assert found.required == ("at",)
    assert found.name == "payments_v2"


def test_the_built_in_stream_is_that_of_the_tutorial() -> None:
    assert TRANSACTION.name == TRANSACTION.topic == contract.TRANSACTION_TOPIC
    assert TRANSACTION.columns == contract.TRANSACTION_FIELDS
    assert TRANSACTION.required == tuple(contract.TRANSACTION_FIELDS)
    assert TRANSACTION.watermark == contract.WATERMARK_DELAY
    roles = (TRANSACTION.time, TRANSACTION.user, TRANSACTION.amount, TRANSACTION.label)
    assert roles == ("trans_date_trans_time", "user_id", "amt", "is_fraud")


@pytest.mark.parametrize(
    ("written", "named"),
    [
        *((each, each) for each in TYPES),
        ("bigint", "int64"),
        ("SMALLINT", "int16"),
        ("int", "int64"),
        ("double", "float64"),
        ("varchar(20)", "string"),
        ("bool", "boolean"),
        ("timestamp", "timestamp(3)"),
        ("DECIMAL(12,2)", "decimal(12, 2)"),
    ],
)
def test_types_as_people_write_them(written: str, named: str) -> None:
    assert canonical(written) == named


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"topic": "my topic"}, "'my topic' cannot be the name of a topic."),
        ({"format": "csv", "separator": ":"}, "the separator is ':'. Use one of ',', ';', '|'"),
        ({"separator": ";"}, "separator is for csv, and its format is json"),
        ({"topic": ""}, "'' cannot be the name of a topic."),
        ({"time": "when"}, "there is no time column, since 'when' is not in the schema"),
        ({"time": "who"}, "the time column 'who' is of type string"),
        ({"schema": {}}, "there is no time column"),
        ({"schema": {"at": "timestamp(9)"}}, "column 'at': 'timestamp(9)' is not a type"),
        ({"schema": {"at": "timestamp('UTC', 3)"}}, "Times are in UTC"),
        ({"schema": {"at": "timestamp(3)", "n": "decimal"}}, "Say its digits"),
        ({"schema": {"at": "timestamp(3)", "n": "decimal(50, 2)"}}, "Say its digits"),
        ({"schema": {"at": "timestamp(3)", "n": "decimal(2, 3)"}}, "is not a type"),
        ({"schema": {"at": "timestamp(3)", "n": "array<date>"}}, "is not a type that a column"),
        ({"schema": {"at": "timestamp(3)", "n": "map<string, string>"}}, "is not a type"),
        (
            {"schema": {"at": "timestamp(3)", "n": "map<string, int64>"}},
            "`paths` reads what is inside",
        ),
        ({"schema": {"at": "timestamp(3)", "n": "number"}}, "'number' is not a type"),
        ({"schema": {"at": "timestamp(3)", "n": 5}}, "'5' is not a type"),
        ({"schema": {"at": "timestamp(3)", "a b": "string"}}, "column 'a b' cannot be the name"),
        ({"schema": {"at": "timestamp(3)", "__n": "string"}}, "column '__n' cannot be the name"),
        ({"schema": {"at": "timestamp(3)", "At": "string"}}, "differ in capital letters alone"),
        ({"schema": {"at": "timestamp(3)", "window_end": "date"}}, "cannot be called 'window_end'"),
        ({"user": "whom"}, "user names 'whom', which is not in the schema"),
        ({"paths": {"whom": "a.b"}}, "paths names 'whom', which is not in the schema"),
        ({"files": {"bank": {"whom": "x"}}}, "files names 'whom' in 'bank', which is not in the"),
        ({"files": {"bank": {"who": " "}}}, "files says nothing for 'who' in 'bank'"),
        ({"files": {"bank": {}}}, "files names no column in 'bank'"),
        ({"files": {"who": "Name"}}, "files has no columns for 'who'"),
        ({"paths": {"who": "a..b"}}, "column 'who': 'a..b' is no path to a field"),
        ({"paths": {"who": ".a"}}, "'.a' is no path to a field"),
        ({"paths": {"who": "a."}}, "'a.' is no path to a field"),
        ({"paths": {"who": ""}}, "'' is no path to a field"),
        ({"paths": {"who": "[0].a"}}, "'[0].a' is no path to a field"),
        ({"paths": {"who": "a[x]"}}, "'a[x]' is no path to a field"),
        ({"paths": {"who": "a[-1]"}}, "is no path to a field"),
        ({"paths": {"who": '"a'}}, "is no path to a field"),
        ({"paths": {"who": "a\x1b"}}, "is no path to a field"),
        ({"paths": {"who": "amount.x"}}, "for a decimal(12, 2), which another column takes for an"),
        (
            {"paths": {"who": "a.b", "bad": "a.b"}},
            "the path a.b takes a value for a boolean",
        ),
        ({"paths": {"who": "a.b", "bad": "a[0]"}}, "for an array, which another column takes for"),
        (
            {"paths": {"who": "a.b"}, "format": "avro"},
            "Protobuf and Avro with a schema registry, and its format is avro",
        ),
        (
            {"paths": {"who": "a.b"}, "format": "csv"},
            "and its format is csv. Declare all columns in their order.",
        ),
        (
            {"schema": {"at": "timestamp(3)", "card-number": "string"}, "format": "csv"},
            "Give it such a name: in CSV, the order of the columns counts.",
        ),
        ({"amount": "sum"}, "amount names 'sum', which is not in the schema"),
        ({"label": "fraud"}, "label names 'fraud', which is not in the schema"),
        ({"required": ("who", "whom")}, "required names 'whom', which is not in the schema"),
        ({"required": "whom"}, "required names 'whom', which is not in the schema"),
        ({"user": "bad"}, "user 'bad' is of type boolean"),
        ({"amount": "who"}, "amount 'who' is of type string"),
        ({"label": "amount"}, "label 'amount' is of type decimal(12, 2)"),
        (
            {"format": "xml"},
            "'xml' is not a format. Use one of json, csv, avro, avro-confluent, protobuf.",
        ),
        ({"time_format": "rfc"}, "'rfc' is not a format of times. Use one of sql, iso, epoch-s"),
        ({"watermark": "soon"}, "watermark is 'soon', which is no length of time"),
        ({"watermark": "-5s"}, "watermark is '-5s', which is no length of time"),
        ({"watermark": timedelta(seconds=-5)}, "which is no length of time"),
        ({"watermark": 30}, "watermark is '30', which is no length of time"),
        ({"watermark": "100d"}, "the watermark is longer than 99 days"),
        ({"idle": "0s"}, "idle is not a length of time"),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as caught:
        declared(**changes)
    error = caught.value
    assert said in str(error)
    assert error.message.endswith(".") and error.hint.endswith(".")
    # The name of the stream, as there may be several in a file.
    assert repr(changes.get("topic", "payments.v2")) in error.message


OF_ANOTHER_KIND: dict[str, tuple[Any, ...]] = {
    "topic": (5, None, ["payments"], b"payments"),
    "schema": (5, None, ["at", "who"], "at", [("at", "string")], {5: "string"}, {("at",): "date"}),
    "time": (5, None, ["at"], b"at"),
    "format": (5, None, ["json"], {}),
    "user": (5, ["who"], ("who", "bad"), b"who", True, {"who": 1}),
    "amount": (5, ["amount"]),
    "label": (True, ["bad"]),
    "identity": (5, ["who"]),
    "required": (5, None, True, [5], [["who"]], [None], b"who"),
    "sensitive": (5, None, True, [5], [["who"]], [None], b"who"),
    "paths": (5, "a.b", ["who"], {"who": 5}, {"who": None}, {"who": ["a", "b"]}, {5: "a"}),
    "files": (5, "x", ["x"], {5: {"who": "Name"}}, {"x": {"who": 5}}, {"x": {5: "Name"}}),
    "message": (5, None, ["m"]),
    "proto": (5, None, ["m"]),
    "separator": (5, None, [";"]),
}


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [(name, each) for name, wrong in OF_ANOTHER_KIND.items() for each in wrong],
)
def test_an_argument_of_another_kind_is_named_with_what_it_is(argument: str, wrong: object) -> None:
    with pytest.raises(InputError) as caught:
        declared(**{argument: wrong})
    said = caught.value.message
    assert re.match(
        rf"source( 'payments\.v2')?: {argument}(\['\w+'\])* (is|has) .+(, but must be| where )",
        said,
    )
    # What it should be is written as people can paste it.
    assert caught.value.hint.startswith(f"Write {argument}")
    assert "object" not in said


@pytest.mark.parametrize(
    ("written", "length"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("0s", timedelta()),
        (" 5 min ", timedelta(minutes=5)),
        ("2m", timedelta(minutes=2)),
        ("1h", timedelta(hours=1)),
        ("7d", timedelta(days=7)),
        (timedelta(seconds=3), timedelta(seconds=3)),
        ("1.5s", None),
        ("5 parsecs", None),
        (None, None),
    ],
)
def test_lengths_of_time(written: object, length: timedelta | None) -> None:
    assert duration(written) == length


@given(st.integers(0, 10**9))
def test_a_length_of_time_in_words_is_read_again(milliseconds: int) -> None:
    length = timedelta(milliseconds=milliseconds)
    assert duration(in_words(length)) == length


@pytest.mark.parametrize(
    ("topic", "name"),
    [("a.b-c", "a_b_c"), ("2fa", "_2fa"), ("order", "order"), ("A_1", "A_1")],
)
def test_the_name_of_a_table_is_safe(topic: str, name: str) -> None:
    assert declared(topic=topic).name == name


@pytest.mark.parametrize(
    "path",
    [("a",), ("a", "b"), ("a", 0), ("a-b", 12, 3, "c d"), ("a.b", "[0]"), ('say "x"', "é"), ("0",)],
)
def test_paths_are_read_as_they_are_written(path: Path) -> None:
    assert parsed(written_path(path)) == path


@given(st.lists(st.text().filter(str.isprintable).filter(bool) | st.integers(0, 9_999)))
def test_any_path_is_read_as_it_is_written(steps: list[str | int]) -> None:
    path = ("first", *steps)
    assert parsed(written_path(path)) == path


def test_sensitive_fields_are_those_of_the_record() -> None:
    found = declared(paths={"who": "card.holders[0]", "bad": "is-bad"}, sensitive=("who", "amount"))
    assert found.sensitive_fields == {"holders", "amount"}
