"""Decoding: no record stops the reader."""

import json
from datetime import datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.contract import RollingRow, Transaction
from pipeline.kafka.records import Record, decode
from pipeline.simulator import encode
from pipeline.simulator.generator import Generator

GOOD = {
    "user_id": -312211619698468596,
    "user_mean_trans_amt_last_360min": 1507.78,
    "user_trans_count_last_360min": 1,
    "trans_date_trans_time": "2012-01-29 03:26:20",
}


def record(value: bytes | None, offset: int = 0) -> Record:
    return Record("topic", 0, offset, 0, None, value)


def test_the_contracts_example_is_read() -> None:
    good, bad = decode(RollingRow, [record(json.dumps(GOOD).encode())])
    assert good == [RollingRow(-312211619698468596, 1507.78, 1, datetime(2012, 1, 29, 3, 26, 20))]
    assert bad == []


def test_fractions_of_a_second_are_read() -> None:
    value = json.dumps(GOOD | {"trans_date_trans_time": "2012-01-29 03:26:20.125"}).encode()
    (row,), _ = decode(RollingRow, [record(value)])
    assert row.trans_date_trans_time.microsecond == 125_000


def test_half_a_character_is_no_fault() -> None:
    """Flink takes it, so the rows of users who have one are shown as well."""
    value = encode.value(msgspec.structs.replace(Generator().next(1.0), merchant="cut"))
    good, bad = decode(Transaction, [record(value.replace(b"cut", rb"cut \ud83d"))])
    assert [row.merchant for row in good] == ["cut ?"]
    assert bad == []


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 10_000,
        pytest.param(
            json.dumps(GOOD).encode()[:-1] + b', "deep": ' + b"[" * 10_000 + b"]" * 10_000 + b"}",
            id="nested too deeply",
        ),
        json.dumps(GOOD | {"user_id": "many"}).encode(),
        json.dumps(GOOD | {"user_trans_count_last_360min": None}).encode(),
        json.dumps(GOOD | {"trans_date_trans_time": "yesterday"}).encode(),
        json.dumps({"user_id": 1}).encode(),
    ],
)
def test_a_bad_record_is_reported_and_leaves_the_others(value: bytes | None) -> None:
    fine = json.dumps(GOOD).encode()
    good, bad = decode(RollingRow, [record(fine, 1), record(value, 2), record(fine, 3)])
    assert len(good) == 2
    assert [entry.record.offset for entry in bad] == [2]
    assert bad[0].reason


@given(st.binary(max_size=200))
def test_no_bytes_break_it(value: bytes) -> None:
    good, bad = decode(Transaction, [record(value)])
    assert len(good) + len(bad) == 1
