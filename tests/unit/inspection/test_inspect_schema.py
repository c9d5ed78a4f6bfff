"""`inspect` on topics whose schema is in a file."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest

from pipeline.errors import InputError
from pipeline.formats.protobuf.message import messages_in
from pipeline.inspection.inspected import Inspection
from pipeline.inspection.inspected import inspect as inspect_rows
from pipeline.inspection.looked_at import Rows
from pipeline.inspection.pasted import pasted
from pipeline.inspection.written import NOTHING, Told
from pipeline.kafka.records import Record
from pipeline.sources import Source

START = 1_709_283_600_000
MILLIS = {"type": "long", "logicalType": "timestamp-millis"}
FIELDS: list[dict[str, Any]] = [
    {"name": "account", "type": "string"},
    {"name": "booked_at", "type": MILLIS},
    {
        "name": "amount",
        "type": {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2},
    },
    {"name": "country", "type": ["null", "string"]},
    {"name": "chargeback", "type": ["null", "boolean"]},
    {"name": "day", "type": {"type": "int", "logicalType": "date"}},
]
PROTO = """syntax = "proto3";
package payments.v1;
import "google/protobuf/timestamp.proto";
message Payment {
  enum Channel { UNKNOWN = 0; APP = 1; }
  message Owner { string country = 1; Payment again = 2; }
  google.protobuf.Timestamp booked_at = 1;
  string account = 2;
  double amount = 3;
  Channel channel = 4;
  Owner owner = 5;
  repeated string tags = 6;
  bytes raw = 7;
  bool is_fraud = 8;
}
"""


def record(value: bytes, number: int = 0) -> Record:
    return Record("transfers", 0, number, START, None, value)


def inspect(records: list[Record], told: Told = NOTHING) -> Inspection:
    return inspect_rows(Rows("transfers", "transfers", records), told=told)


def declared(found: Inspection) -> Source:
    """The source that one gets who pastes what is printed."""
    names: dict[str, Any] = {}
    exec(pasted(found), names)
    (source,) = (each for each in names.values() if isinstance(each, Source))
    return source


def avsc(folder: Path, *more: dict[str, Any]) -> Path:
    file = folder / "transfer.avsc"
    file.write_text(json.dumps({"type": "record", "name": "T", "fields": [*FIELDS, *more]}))
    return file


def avro(file: Path, **more: object) -> list[bytes]:
    schema = fastavro.parse_schema(json.loads(file.read_bytes()))
    values = []
    for number in range(30):
        row = {
            "account": f"DE{number % 3}", "booked_at": START + number * 1_000, "amount": b"\x01",
            "country": None if number % 4 == 0 else "DE", "chargeback": False, "day": 1,
        }  # fmt: skip
        data = BytesIO()
        fastavro.schemaless_writer(data, schema, row | more)
        values.append(data.getvalue())
    return values


def test_plain_avro_is_read_by_its_schema(tmp_path: Path) -> None:
    file = avsc(tmp_path)
    found = inspect([record(each, n) for n, each in enumerate(avro(file))], Told(file))
    source = declared(found)
    assert source == found.source
    assert source.format == "avro"
    assert list(source.columns) == [field["name"] for field in FIELDS]
    assert source.columns["amount"] == "decimal(12, 2)"
    # What may be null is written as a union, also if it never is.
    assert source.required == ("account", "booked_at", "amount", "day")
    assert (source.time, source.user, source.label) == ("booked_at", "account", "chargeback")
    assert found.invalid == {}
    assert "# booked_at is written as timestamp-millis, in order." in pasted(found)


def test_what_may_be_null_is_not_the_time(tmp_path: Path) -> None:
    file = avsc(tmp_path, {"name": "created_at", "type": ["null", MILLIS]})
    rows = [record(each, n) for n, each in enumerate(avro(file, created_at=START))]
    source = inspect(rows, Told(file)).source
    assert (source.time, source.columns["created_at"]) == ("booked_at", "timestamp(3)")


@pytest.mark.parametrize(
    "written",
    [
        ["string", "null"],
        {"type": "enum", "name": "Kind", "symbols": ["A", "B"]},
        {"type": "array", "items": "string"},
        {"type": "fixed", "name": "F", "size": 2},
    ],
)
def test_what_flink_cannot_read_without_a_registry_is_refused(written: Any, tmp_path: Path) -> None:
    file = avsc(tmp_path, {"name": "odd", "type": written})
    value: Any = {"enum": "B", "array": [], "fixed": b"12"}.get(
        written["type"] if isinstance(written, dict) else "", "x"
    )
    rows = [record(each, n) for n, each in enumerate(avro(file, odd=value))]
    with pytest.raises(InputError, match=r"transfer\.avsc without a registry: its field odd is"):
        inspect(rows, Told(file))


def test_records_of_another_schema_are_not_taken_for_some(tmp_path: Path) -> None:
    file = avsc(tmp_path)
    values = avro(file)
    with pytest.raises(InputError) as caught:
        inspect([record(b"\0\0\0\0\x07" + each) for each in values], Told(file))
    assert "they begin with the id of their schema in a registry" in caught.value.message
    assert "kafka.registry" in caught.value.hint
    with pytest.raises(InputError, match=r"is written by transfer\.avsc"):
        inspect([record(b'{"a": 1}')] * 2, Told(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no schema of Avro"),
        ('"string"', "is not the schema of a record"),
        (None, "There is no file"),
    ],
)
def test_a_file_that_is_no_schema(text: str | None, said: str, tmp_path: Path) -> None:
    file = tmp_path / "x.avsc"
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=said):
        inspect([record(b"1")], Told(file))


def test_records_that_say_nothing_of_their_schema_say_what_to_do() -> None:
    for value, said in (
        (b"Obj\x01\x04", "the last one is a whole Avro file with its schema"),
        (b"\0\0\0\0\x01\x02", "A zero byte at the beginning is that of Avro"),
        (b"\x08\x96\x01", "is a JSON object or a line of CSV"),
    ):
        with pytest.raises(InputError, match=said) as caught:
            inspect([record(value)] * 2)
        assert caught.value.hint
    with pytest.raises(InputError) as caught:
        inspect([record(b"\x08\x96\x01")] * 2)
    assert "fraudwatch inspect transfers --schema FILE.avsc or FILE.proto" in caught.value.hint


def proto(folder: Path, text: str = PROTO) -> Path:
    file = folder / "payment.proto"
    file.write_text(text)
    return file


def messages(file: Path, count: int = 20) -> list[Record]:
    from google.protobuf.message_factory import GetMessageClass

    payment: Any = GetMessageClass(messages_in(file)[0])
    found = []
    for number in range(count):
        made = payment(account=f"DE{number % 3}", amount=number / 4, channel=1, tags=["a"])
        made.booked_at.FromMilliseconds(START + number * 1_000)
        made.is_fraud = number % 5 == 0
        made.owner.country = "DE"
        found.append(record(made.SerializeToString(), number))
    return found


def test_protobuf_is_read_by_its_message(tmp_path: Path) -> None:
    file = proto(tmp_path)
    found = inspect(messages(file), Told(file))
    source = declared(found)
    assert source == found.source
    assert (source.format, source.message) == ("protobuf", "payments.v1.Payment")
    assert source.proto == str(file)
    assert (
        source.columns.items()
        >= {
            "booked_at": "timestamp(3)",
            "account": "string",
            "amount": "float64",
            "channel": "string",
            "owner_country": "string",
            "is_fraud": "boolean",
        }.items()
    )
    assert dict(source.paths)["owner_country"] == ("owner", "country")
    assert (source.time, source.user, source.amount) == ("booked_at", "account", "amount")
    assert (source.label, source.required) == ("is_fraud", ("booked_at", "owner_country"))
    assert {name for name, _ in found.left_out} == {"tags", "raw", "owner.again"}
    assert found.invalid == {}


def test_which_message_has_to_be_clear(tmp_path: Path) -> None:
    file = proto(tmp_path, PROTO + "message Refund { string account = 2; }\n")
    rows = messages(file)
    with pytest.raises(InputError, match="has 2 messages") as caught:
        inspect(rows, Told(file))
    assert "--message: payments.v1.Payment, payments.v1.Refund" in caught.value.hint
    assert inspect(rows, Told(file, "Payment")).source.message == "payments.v1.Payment"
    with pytest.raises(InputError, match="has no message Other"):
        inspect(rows, Told(file, "Other"))
    with pytest.raises(InputError, match="they begin with a zero byte"):
        inspect([record(b"\0\0\0\0\1\0\1")], Told(file, "Payment"))
