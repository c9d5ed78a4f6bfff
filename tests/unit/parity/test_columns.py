"""Records decoded many at once are what they are one by one."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import contract
from pipeline.formats.json.flink_json import row_reader
from pipeline.parity.decoded import decode_columns
from tests.unit.formats.test_flink_json import GOOD, json_values

TYPES = {
    **contract.TRANSACTION_FIELDS,
    "day": "date",
    "large": "boolean",
    "small": "int8",
    "share": "float32",
}
ODD = [
    b"",
    b" ",
    b"nonsense",
    b"null",
    b"[1]",
    b'{"amt":1}{"amt":2}',
    b'{"amt":1}\n{"amt":2}',
    b'{"amt":\n1}',
    b'{"amt":1} x',
    b'{"amt":NaN}',
    b'{"amt":-Infinity}',
    b'{"amt":1e999}',
    b'{"amt":1,"amt":2}',
    b'{"first":"\xff"}',
    b'{"first":"\\ud800"}',
    b'{"trans_date_trans_time":"2024-01-01"}',
    b'{"trans_date_trans_time":"2024-01-01 00:00"}',
    b'{"trans_date_trans_time":"2024-01-01 00:00:01.1234"}',
    b'{"trans_date_trans_time":"2024-01-01 00:00:01+02:00"}',
    b'{"trans_date_trans_time":"2024-02-30 00:00:00"}',
    b'{"trans_date_trans_time":"2024-01-01 24:00:00"}',
    b'{"day":"2024-01-02","large":true,"small":127,"share":0.1}',
    b'{"day":"2024-1-2","large":"true","small":128,"share":"0.1"}',
    b'{"first":{"a":1},"is_fraud":1.0,"user_id":"7"}',
]


def one_by_one(values: list[bytes | None]) -> list[dict[str, Any]]:
    read = row_reader(TYPES)
    rows = [read(value) for value in values]
    return [{name: getattr(row, name) for name in TYPES} for row in rows if row is not None]


def same(values: list[bytes | None]) -> None:
    table, found = decode_columns(values, TYPES)
    expected = one_by_one(values)
    rows = table.to_pylist()
    for row in expected:
        if (moment := row[contract.TIME_COLUMN]) is not None:
            row[contract.TIME_COLUMN] = moment.replace(
                microsecond=moment.microsecond // 1_000 * 1_000
            )
        if row["share"] is not None:
            # As large as a 32-bit number can be, and infinite beyond, as in Java.
            row["share"] = pa.scalar(row["share"]).cast(pa.float32()).as_py()
    assert rows == expected
    assert int(found.sum()) == len(expected)
    assert len(found) == len(values)


@pytest.mark.parametrize("odd", [*ODD, None], ids=repr)
def test_an_odd_record_among_good_ones(odd: bytes | None) -> None:
    good = json.dumps(GOOD).encode()
    for values in ([odd], [good, odd], [odd, good], [odd, odd, good]):
        same(values)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(sorted(TYPES)), json_values).map(
            lambda fields: json.dumps(GOOD | fields).encode()
        ),
        max_size=4,
    )
)
def test_any_records(values: list[bytes | None]) -> None:
    same(values)
