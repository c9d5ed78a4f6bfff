"""What `inspect` sees in records, and that what it prints declares a source that fits them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InputError
from pipeline.formats.kinds import Kind
from pipeline.inspection.disorder import disorder
from pipeline.inspection.fields import fields_of
from pipeline.inspection.inspected import Inspection
from pipeline.inspection.inspected import inspect as inspect_rows
from pipeline.inspection.looked_at import Rows
from pipeline.inspection.pasted import pasted
from pipeline.kafka.records import Record
from pipeline.sources import Source, TimeFormat
from tests.snapshot.sample_rows import transaction

START = datetime(2024, 3, 1, 9)


def record(value: object, number: int = 0, key: str | None = None) -> Record:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    written = None if key is None else key.encode()
    return Record("payments", number % 3, number, 1_709_290_000_000, written, data)


def payment(number: int, **changes: Any) -> dict[str, Any]:
    fields = {
        "booked_at": f"{(START + timedelta(seconds=number)).isoformat()}+01:00",
        "account": f"DE{number % 7}",
        "amount": number / 4,
        "country": None if number % 2 else "FR",
        "chargeback": number % 5 == 0,
    }
    return fields | changes


def payments(count: int = 50, **changes: Any) -> list[Record]:
    rows = [payment(number, **changes) for number in range(count)]
    return [record(row, number, row["account"]) for number, row in enumerate(rows)]


def inspect(topic: str, records: Sequence[Record]) -> Inspection:
    return inspect_rows(Rows(topic, topic, records))


def declared(found: Inspection, folder: Path) -> Source:
    """The source that one gets who pastes what is printed."""
    names: dict[str, Any] = {}
    exec(compile(pasted(found), str(folder), "exec"), names)
    (source,) = (each for each in names.values() if isinstance(each, Source))
    return source


def test_what_is_printed_can_be_pasted(tmp_path: Path) -> None:
    found = inspect("payments.v2", payments())
    assert declared(found, tmp_path) == found.source
    assert pasted(found) == (
        "# payments.v2: 50 records in 3 partitions, keyed by account.\n"
        "# booked_at is written as ISO 8601, in order.\n"
        "# All of them would be valid.\n"
        "from fraudwatch import source\n"
        "\n"
        "payments_v2 = source(\n"
        '    topic="payments.v2",\n'
        "    schema={\n"
        '        "booked_at": "timestamp(3)",\n'
        '        "account": "string",\n'
        '        "amount": "float64",\n'
        '        "country": "string",  # 50.0% null\n'
        '        "chargeback": "boolean",\n'
        "    },\n"
        '    time="booked_at",\n'
        '    time_format="iso",\n'
        '    watermark="1s",\n'
        '    user="account",\n'
        '    amount="amount",\n'
        '    label="chargeback",\n'
        '    required=("account", "amount", "chargeback"),\n'
        ")"
    )


def test_the_tutorials_transactions(tmp_path: Path) -> None:
    rows = [
        {**json.loads(json.dumps(_fields(number))), "cc_num": 4_613_314_721_966}
        for number in range(40)
    ]
    found = inspect(
        "transaction", [record(row, n, str(row["user_id"])) for n, row in enumerate(rows)]
    )
    source = declared(found, tmp_path)
    assert (source.time, source.time_format) == ("trans_date_trans_time", TimeFormat.SQL)
    assert (source.user, source.amount, source.label) == ("user_id", "amt", "is_fraud")
    assert source.columns["dob"] == "date"
    assert source.identity == "trans_num"


def test_what_names_two_records_is_no_identity() -> None:
    rows = [payment(number, order_id=f"o{number // 2}") for number in range(50)]
    found = inspect("payments", [record(row, number) for number, row in enumerate(rows)])
    assert found.source.identity is None


def _fields(number: int) -> dict[str, Any]:
    row = transaction(number)
    fields = {name: getattr(row, name) for name in row.__struct_fields__}
    return fields | {"trans_date_trans_time": str(row.trans_date_trans_time)}


@pytest.mark.parametrize(
    ("values", "time_format"),
    [
        (["2024-03-01T09:00:00Z", "2024-03-01T09:00:01.250+02:00"], TimeFormat.ISO),
        (["2024-03-01 09:00:00", "2024-03-01 09:00:01.5"], TimeFormat.SQL),
        ([1_709_283_600, 1_709_283_601], TimeFormat.EPOCH_S),
        ([1_709_283_600_000, 1_709_283_601_000], TimeFormat.EPOCH_MS),
        ([1_709_283_600_000_000, 1_709_283_601_000_000], TimeFormat.EPOCH_US),
        ([1_709_283_600_000_000_000, 1_709_283_601_000_000_000], TimeFormat.EPOCH_NS),
    ],
)
def test_how_times_are_written(values: Sequence[object], time_format: TimeFormat) -> None:
    found = inspect("t", [record({"createdAt": each, "x": 1}, n) for n, each in enumerate(values)])
    assert (found.source.time, found.source.time_format) == ("createdAt", time_format)


def test_a_number_is_no_time_unless_its_name_says_so() -> None:
    rows = [record({"terminal": 1_709_283_600 + n, "x": n}, n) for n in range(5)]
    with pytest.raises(InputError, match="No field of t looks like a time"):
        inspect("t", rows)


def _array(dtype: str) -> str:
    return f"an array; a column of type array<{dtype}> has it, and paths can name an element of it"


@pytest.mark.parametrize(
    ("values", "dtype", "note"),
    [
        ([True, None, False], "boolean", ""),
        ([1, 2], "int64", ""),
        ([1, 2.5], "float64", ""),
        ([2**63], "float64", ""),
        (["a", "b"], "string", ""),
        (["2024-02-29", "2024-03-01"], "date", ""),
        (["2024-02-30", "2024-03-01"], "string", ""),
        ([1, "a"], "string", "text, numbers or booleans"),
        ([*range(50), "a"], "int64", "1 of them is text"),
        ([*range(50), 1.5, "a", "b"], "float64", "2 of them are text"),
        ([{"a": 1}, None], "", "an object; paths can name a field of it"),
        ([[1, None]], "", _array("int64")),
        ([["a"], []], "", _array("string")),
        ([[1, 2.5]], "", _array("float64")),
        ([[{"a": 1}], []], "", "an array; paths can name an element of it"),
        ([None], "", "always null"),
    ],
)
def test_types(values: list[object], dtype: str, note: str) -> None:
    (field,) = fields_of([{"x": value} for value in values])
    assert (field.type, field.note) == (dtype, note)
    assert field.null_share == values.count(None) / len(values)


@pytest.mark.parametrize("words", [("Yes", "No"), ("y", "N"), ("TRUE", "false"), ("1", "0")])
def test_a_label_may_be_a_text(words: tuple[str, str]) -> None:
    rows = [payment(number, chargeback=words[number % 2]) for number in range(50)]
    found = inspect("payments", [record(row, number) for number, row in enumerate(rows)])
    assert (found.source.label, found.source.columns["chargeback"]) == ("chargeback", "string")
    assert not found.invalid
    rows = [payment(number, chargeback=f"case {number}") for number in range(50)]
    found = inspect("payments", [record(row, number) for number, row in enumerate(rows)])
    assert found.source.label is None


def test_what_cannot_be_declared_is_left_out(tmp_path: Path) -> None:
    extra: dict[str, Any] = {
        "items": [1],
        "Amount": 3,
        "no name": 1,
        "window_end": "x",
        "gone": None,
    }
    found = inspect("class", payments(**extra))
    assert dict(found.left_out).keys() == {"items", "gone"}
    text = pasted(found)
    assert f"# Left out: items ({_array('int64')})." in text
    assert "class_ = source(" in text
    assert declared(found, tmp_path) == found.source


def nested(number: int, **changes: Any) -> dict[str, Any]:
    flat = payment(number)
    return {
        "meta": {"bookedAt": flat["booked_at"]},
        "account": {"id": flat["account"], "owner": {"country": "DE"}},
        "payment": {"amount": flat["amount"], "card-number": f"4111 1111 {number:04}"},
        "items": [{"sku": "a"}],
        "is.paid": True,
        "account_id": number,
    } | changes


def test_fields_inside_of_objects_become_columns(tmp_path: Path) -> None:
    rows = [nested(number) for number in range(50)]
    # An object may be missing, and one value may be odd.
    rows[3]["account"]["owner"] = None
    rows[4]["payment"]["amount"] = {"EUR": 1}
    found = inspect("payments", [record(row, number) for number, row in enumerate(rows)])
    assert declared(found, tmp_path) == found.source
    assert dict(found.source.paths) == {
        "meta_bookedAt": ("meta", "bookedAt"),
        "account_id_2": ("account", "id"),
        "account_owner_country": ("account", "owner", "country"),
        "payment_amount": ("payment", "amount"),
        "payment_card_number": ("payment", "card-number"),
        "is_paid": ("is.paid",),
    }
    roles = (found.source.time, found.source.user, found.source.amount)
    assert roles == ("meta_bookedAt", "account_id_2", "payment_amount")
    assert found.source.sensitive == ("payment_card_number",)
    assert "account_owner_country" not in found.source.required
    assert found.left_out == (
        ("items", "an array; paths can name an element of it"),
        ("payment.amount.EUR", "seldom written so"),
    )
    assert "'is_paid': " not in pasted(found)
    assert '"is_paid": "\\"is.paid\\"",' in pasted(found)


def test_an_object_of_many_names_is_no_record(tmp_path: Path) -> None:
    rows = [payment(number, carts={f"c{number}": {"n": 1}}, one={"n": 1}) for number in range(60)]
    found = inspect("payments", [record(row, number) for number, row in enumerate(rows)])
    assert found.source.paths == (("one_n", ("one", "n")),)
    assert found.left_out == (("carts", "an object; paths can name a field of it"),)
    assert declared(found, tmp_path) == found.source


def test_what_would_be_invalid_is_counted() -> None:
    bad = [b"[]", b"no JSON", json.dumps(payment(1, booked_at="1969-01-01T00:00:00Z")).encode()]
    found = inspect("payments", [*payments(), *(record(each, n) for n, each in enumerate(bad))])
    assert found.invalid == {Kind.NOT_OBJECT: 1, Kind.NOT_JSON: 1, Kind.PAST: 1}
    assert found.invalid_share == 3 / 53
    assert "3 of them (5.7%) would be invalid: " in pasted(found)


def test_a_few_values_that_are_none_do_not_hide_a_time_or_an_amount() -> None:
    bad = [payment(50, booked_at="yesterday"), payment(51, amount="dear")]
    found = inspect("payments", [*payments(), *(record(each, n) for n, each in enumerate(bad))])
    assert (found.source.time, found.source.columns["amount"]) == ("booked_at", "float64")
    assert found.invalid == {Kind.WRONG_TYPE: 2}


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([], "payments holds no record"),
        ([record(b"\x00")], "The only record of payments is not a JSON object"),
        ([record(b"[1]"), record(b"\xff")], "None of 2 records of payments is a JSON object"),
        ([record({"a": "b"})], "No field of payments looks like a time"),
    ],
)
def test_a_topic_that_says_nothing(records: list[Record], said: str) -> None:
    with pytest.raises(InputError, match=said):
        inspect("payments", records)


def test_names_cannot_get_out_of_their_strings(tmp_path: Path) -> None:
    name = '"), __import__("os").system("true") #\n\x1b[2J'
    found = inspect("payments", payments(**{name: 1}))
    assert any("__import__" in left_out for left_out, _ in found.left_out)
    assert "\x1b" not in pasted(found)
    assert declared(found, tmp_path) == found.source


def times(*seconds: float, partition: int = 0) -> list[tuple[int, datetime]]:
    return [(partition, START + timedelta(seconds=each)) for each in seconds]


def test_disorder_is_that_within_a_partition() -> None:
    assert disorder(times(1, 2, 3)).most == timedelta()
    found = disorder([*times(100, 101), *times(1, 2, partition=1)])
    assert (found.most, found.watermark) == (timedelta(), timedelta(seconds=1))
    found = disorder(times(1, 20, 8, 21))
    assert (found.most, found.watermark, found.late) == (
        timedelta(seconds=12),
        timedelta(seconds=15),
        0,
    )


def test_one_record_from_long_ago_does_not_ask_for_a_watermark_of_years() -> None:
    found = disorder(times(*range(5_000), -90_000_000))
    assert found.most > timedelta(days=1_000)
    assert (found.watermark, found.late) == (timedelta(seconds=1), 1)
    # If so many are late that most results would be wrong, the watermark is as long as it takes.
    rows = [time for number in range(100) for time in times(number, number - 7_000)]
    assert disorder(rows).watermark == timedelta(hours=2)
