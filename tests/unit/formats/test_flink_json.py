"""Unusual records are decoded as in Flink 2.3; the expectations are answers of a cluster."""

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import contract
from pipeline.formats.json.decoder import JsonDecoder
from pipeline.formats.json.flink_json import row_reader
from pipeline.formats.kinds import Kind
from pipeline.parity.decoded import decode_json
from pipeline.sources import TRANSACTION
from tests.streams.poison import beyond_limits, within_limits

GOOD: dict[str, Any] = {
    "trans_date_trans_time": "2024-01-01 00:03:20",
    "cc_num": 5000,
    "merchant": "m",
    "category": "c",
    "amt": 1.5,
    "first": "f",
    "last": "l",
    "zipcode": "z",
    "dob": "d",
    "trans_num": "t",
    "is_fraud": 1,
    "user_id": -5,
}
read = row_reader(contract.TRANSACTION_FIELDS)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("amt", "12.5", 12.5),
        ("amt", "abc", None),
        ("amt", None, None),
        ("amt", True, None),
        ("amt", 7, 7.0),
        # As Java's own parsers read them.
        ("amt", "1.5d", 1.5),
        ("amt", "0x1p3", 8.0),
        ("amt", "\u00a01", None),
        ("user_id", "٣", 3),
        ("user_id", "\x015 ", 5),
        ("user_id", "1_0", None),
        ("user_id", "1" * 5_000, None),
        ("amt", 1e300, 1e300),
        ("is_fraud", "1", 1),
        ("is_fraud", 1.0, 1),
        ("is_fraud", "1.0", None),
        ("is_fraud", 2**40, None),
        ("cc_num", 2**63, None),
        ("user_id", "-5", -5),
        ("merchant", 5, "5"),
        ("merchant", {"a": 1}, '{"a":1}'),
        ("trans_date_trans_time", "2024-01-01T00:03:20", None),
        ("trans_date_trans_time", "2024-01-01 00:03:20Z", None),
        ("trans_date_trans_time", "2024-13-01 00:03:20", None),
        ("trans_date_trans_time", 1704067400, None),
    ],
)
def test_one_odd_field_is_understood_or_null(field: str, value: object, expected: object) -> None:
    row = read(json.dumps(GOOD | {field: value}).encode())
    assert getattr(row, field) == expected
    others = [name for name in GOOD if name not in (field, "trans_date_trans_time")]
    assert {name: getattr(row, name) for name in others} == {name: GOOD[name] for name in others}


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (rb"a\ud83d", "a?"),
        (rb"\uDE00\ud83d\n", "??\n"),
        (rb"\ud83d\ude00", "😀"),
        (rb"\ud83d\\ude00", r"?\ude00"),
        (rb"\\ud83d", r"\ud83d"),
        (b"\xed\xa0\xbd", "?"),
        (b"\xed\xa0\xbd\xed\xb8\x80", "😀"),
        (b"\xc1\x81", "A"),
    ],
)
def test_half_a_surrogate_pair_is_a_question_mark(written: bytes, expected: str) -> None:
    """Programs leave one where they cut a text; Flink takes it, and has no bytes for it."""
    read = row_reader({"first": "string"})
    assert read(b'{"first":"' + written + b'"}').first == expected


def test_what_is_too_precise_is_cut() -> None:
    precise = GOOD | {"trans_date_trans_time": "2024-01-01 00:03:20.1234567"}
    assert read(json.dumps(precise).encode()).trans_date_trans_time.microsecond // 1000 == 123


def test_an_absent_field_is_null_and_one_too_many_is_nothing() -> None:
    row = read(json.dumps({"user_id": 1, "more": [1]}).encode())
    assert row.user_id == 1
    assert row.amt is None


@pytest.mark.parametrize("value", [None, b"", b"[1]", b"{", b"\xff", b"null", b"[" * 100_000])
def test_what_is_no_object_is_nothing(value: bytes | None) -> None:
    assert read(value) is None


def test_a_good_record_is_the_same_either_way() -> None:
    fine = read(json.dumps(GOOD).encode())
    slow = read(json.dumps(GOOD | {"other": "x-01T01:"}).encode())
    assert fine == slow
    assert fine.trans_date_trans_time == datetime(2024, 1, 1, 0, 3, 20)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_no_value_of_a_field_breaks_it(field: str, value: object) -> None:
    read(json.dumps(GOOD | {field: value}).encode())


def ways_of_reading(more: bytes) -> tuple[bool, bool, bool]:
    """Whether each of them reads a record that has further fields at its end."""
    value = json.dumps(GOOD).encode()[:-1] + more + b"}"
    (at_once,) = decode_json([value], TRANSACTION)[1]
    closely = JsonDecoder(TRANSACTION).closely(value)
    if isinstance(closely, tuple):
        assert closely[0] is Kind.NOT_JSON and closely[1].endswith("which Flink does not read")
    return read(value) is not None, bool(at_once), not isinstance(closely, tuple)


@pytest.mark.parametrize(("name", "more"), list(within_limits()))
def test_what_is_within_the_limits_of_flink_is_read(name: str, more: bytes) -> None:
    assert ways_of_reading(more) == (True, True, True), name


@pytest.mark.parametrize(("name", "more"), list(beyond_limits()))
def test_a_record_beyond_the_limits_of_flink_is_none(name: str, more: bytes) -> None:
    assert ways_of_reading(more) == (False, False, False), name
