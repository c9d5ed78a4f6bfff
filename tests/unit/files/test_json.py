"""JSON lines, arrays, pretty-printed JSON and Parquet, with the same rules as the topic."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline import contract
from pipeline.contract import Transaction
from pipeline.errors import InputError
from pipeline.kafka.records import Record
from pipeline.kafka.tail import json_object
from pipeline.simulator import encode
from pipeline.text.sanitise import json_line
from tests.replayed import NOW, file_of, read

INT64 = st.integers(-(2**63), 2**63 - 1)
TRANSACTIONS = st.builds(
    Transaction,
    trans_date_trans_time=st.datetimes(contract.EARLIEST, NOW).map(
        lambda moment: moment.replace(microsecond=0)
    ),
    cc_num=INT64,
    amt=st.floats(-1e9, 1e9),
    is_fraud=st.integers(0, 1),
    user_id=INT64,
    **dict.fromkeys(
        ("merchant", "category", "first", "last", "zipcode", "dob", "trans_num"),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
)
GOOD: dict[str, Any] = {
    "trans_date_trans_time": "2024-01-01 00:00:18",
    "cc_num": 42,
    "merchant": "fraud_Koch",
    "category": "home",
    "amt": 1.5,
    "first": "A",
    "last": "B",
    "zipcode": "04109",
    "dob": "2000-01-01",
    "trans_num": "a",
    "is_fraud": 0,
    "user_id": 7,
}
FORMS: dict[str, Callable[[list[dict[str, Any]]], str]] = {
    "lines": lambda rows: "\n".join(map(json.dumps, rows)),
    "array": json.dumps,
    "array of lines": lambda rows: "[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n",
    "pretty array": lambda rows: json.dumps(rows, indent=2),
    "pretty objects": lambda rows: "\n".join(json.dumps(row, indent=2) for row in rows),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(st.lists(TRANSACTIONS, min_size=1, max_size=5), st.booleans())
def test_what_goes_to_the_topic_can_be_read_back(
    tmp_path: Path, transactions: list[Transaction], tail: bool
) -> None:
    topic = [
        Record(
            contract.TRANSACTION_TOPIC, 0, offset, 1_700_000_000_000, encode.key(t), encode.value(t)
        )
        for offset, t in enumerate(transactions)
    ]
    lines = [json_line(json_object(r)) if tail else (r.value or b"").decode() for r in topic]
    found = read(file_of(tmp_path, "\n".join(lines)))
    transactions.sort(key=lambda t: t.trans_date_trans_time)
    assert found.transactions == transactions
    assert [key for key, _ in found.records] == [encode.key(t) for t in transactions]
    assert (found.left_out, found.notes) == ([], [])


@given(TRANSACTIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_what_is_sent_is_the_contracts_json(tmp_path: Path, transaction: Transaction) -> None:
    ((_, value),) = read(file_of(tmp_path, encode.value(transaction))).records
    assert msgspec.json.decode(value) == msgspec.json.decode(encode.value(transaction))
    assert list(msgspec.json.decode(value)) == list(contract.TRANSACTION_FIELDS)
    # No space but those of the values.
    texts = [text for text in msgspec.json.decode(value).values() if isinstance(text, str)]
    assert value.count(b" ") == sum(text.count(" ") for text in texts)


@pytest.mark.parametrize("form", FORMS)
def test_all_forms_of_json_are_read(tmp_path: Path, form: str) -> None:
    rows = [GOOD, GOOD | {"trans_num": "b", "amt": 2}]
    found = read(file_of(tmp_path, FORMS[form](rows)))
    assert found.numbers == ["a", "b"]
    assert [t.amt for t in found.transactions] == [1.5, 2.0]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ({"zipcode": 4109}, {"zipcode": "4109"}),
        ({"user_id": "42"}, {"user_id": 42}),
        ({"is_fraud": 0.0}, {"is_fraud": 0}),
        ({"is_fraud": True}, {"is_fraud": 1}),
        ({"amt": "12.5"}, {"amt": 12.5}),
        ({"trans_date_trans_time": "2024-01-01T00:00:18.250"}, {}),
        ({"trans_date_trans_time": 1_704_067_218}, {}),
        ({"trans_date_trans_time": "2024-01-01T02:00:18+02:00"}, {}),
        ({"trans_date_trans_time": 1_704_067_218_000}, {}),
        ({"merchant": {"name": "x"}}, {"merchant": '{"name":"x"}'}),
        ({"more": [1]}, {}),
    ],
)
def test_what_can_be_understood_is(
    tmp_path: Path, written: dict[str, Any], sent: dict[str, Any]
) -> None:
    found = read(file_of(tmp_path, json.dumps(GOOD | written)))
    assert [json.loads(value) for _, value in found.records] == [GOOD | sent]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({"is_fraud": 2}, "is_fraud is not 0 or 1: '2'"),
        ({"is_fraud": None}, "is_fraud is not 0 or 1"),
        ({"amt": None}, "amt is not an amount"),
        ({"merchant": None}, "merchant is missing"),
        ({"user_id": 2**63}, "user_id is too large for 64 bits"),
        ({"cc_num": 1.5}, "cc_num is not a whole number: ••••"),
        ({"trans_date_trans_time": "2024-01-01"}, "the time is not YYYY"),
    ],
)
def test_a_malformed_line_is_named_and_left_out(
    tmp_path: Path, written: dict[str, Any], reason: str
) -> None:
    good = json.dumps(GOOD)
    lines = [good, "", json.dumps(GOOD | written), "[]", "{", good[:40], '{"amt": NaN}', good]
    found = read(file_of(tmp_path, "\n".join(lines)))
    assert found.numbers == ["a", "a"]
    (said,) = [said for said in found.reasons if said.startswith("line 3: ")]
    assert said.startswith(f"line 3: {reason}")
    assert found.counts["the line is not a JSON object"] == 4


def test_records_of_tail_without_an_object_are_left_out(tmp_path: Path) -> None:
    lines = [
        {"topic": "t", "partition": 0, "offset": n, "value": value}
        for n, value in enumerate((GOOD, "junk", None))
    ]
    found = read(file_of(tmp_path, FORMS["lines"](lines)))
    assert found.numbers == ["a"]
    assert found.counts == {"the record's value is not a JSON object": 2}


@pytest.mark.parametrize("form", ["array", "pretty array"])
def test_an_array_cut_short_keeps_what_comes_before(tmp_path: Path, form: str) -> None:
    text = FORMS[form]([GOOD] * 50)
    found = read(file_of(tmp_path, text[: len(text) // 2]))
    assert 20 <= len(found.records) <= 25
    assert found.reasons == ["end: the file is damaged from here on"]


@pytest.mark.parametrize(
    ("place", "instead", "said"),
    [
        (":", ";", r" at line 3: expected ':'"),
        ('"amt": ', '"amt": ,', r" at line \d+: invalid character"),
        ("\n]", ",\n]", r" at line [\d,]+: trailing comma in array"),
        ("\n]", "\n]\n[]", r" at line [\d,]+: trailing characters"),
        ("\n]", '\n, {"amt": 1', ": it ends before its array does"),
    ],
)
def test_a_document_that_is_no_json_is_refused_with_its_line(
    tmp_path: Path, place: str, instead: str, said: str
) -> None:
    """Also far behind the objects by which its fields are recognised."""
    text = FORMS["pretty array"]([GOOD] * 2_000)
    file = file_of(tmp_path, text.replace(place, instead, 1))
    with pytest.raises(InputError) as refused:
        read(file)
    assert re.fullmatch(rf"{re.escape(str(file))} is not valid JSON{said}\.", refused.value.message)


def test_of_objects_in_a_row_only_that_they_are_no_json_is_said(tmp_path: Path) -> None:
    text = FORMS["pretty objects"]([GOOD] * 50).replace(":", ";", 1)
    with pytest.raises(InputError, match=r"is not valid JSON\. Correct it"):
        read(file_of(tmp_path, text))


def test_objects_of_a_document_are_named_by_their_number(tmp_path: Path) -> None:
    found = read(file_of(tmp_path, FORMS["array"]([GOOD, GOOD | {"amt": "?"}, GOOD])))
    assert found.reasons == ["object 2: amt is not an amount: '?'"]


def test_parquet_is_read_with_its_own_types(tmp_path: Path) -> None:
    rows = [GOOD, GOOD | {"amt": None}, GOOD | {"is_fraud": 1}]
    table = pyarrow.json.read_json(pa.BufferReader(FORMS["lines"](rows).encode()))
    assert table.schema.field("trans_date_trans_time").type == pa.timestamp("s")
    path = tmp_path / "x.parquet"
    pyarrow.parquet.write_table(table, path)
    found = read(path, shift=timedelta(days=1))
    assert [t.is_fraud for t in found.transactions] == [0, 1]
    assert str(found.transactions[0].trans_date_trans_time) == "2024-01-02 00:00:18"
    assert found.reasons == ["row 2: amt is not an amount"]


@pytest.mark.parametrize(
    ("outer", "place"),
    [
        ('{"count": 2, "data": [%s, %s]}', ".data[]"),
        ('{"_id": 1, "_source": %s}\n{"_id": 2, "_source": %s}', "._source"),
        ('{"payload": {"before": null, "after": %s}}\n{"payload": %s}', ".payload.after"),
        ('{\n"of the day": [\n%s,\n%s\n]}', '."of the day"[]'),
    ],
    ids=["array", "search index", "change", "pretty"],
)
def test_records_inside_of_others_are_found(tmp_path: Path, outer: str, place: str) -> None:
    record = json.dumps(GOOD)
    with pytest.raises(InputError, match=re.escape(f"has its transactions inside of {place}.")):
        read(file_of(tmp_path, (outer % (record, record)).encode()))
