"""Records in Protobuf that refer to a registry, which is on a socket of this process."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cache
from typing import Any, Final

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config import KafkaSettings, RegistrySettings
from pipeline.errors import InputError
from pipeline.formats.decoders import decoder_of, require_readable
from pipeline.formats.protobuf.compiler import compiled
from pipeline.formats.protobuf.values import reader
from pipeline.formats.schemas import Schemas
from pipeline.formats.undecodable import UndecodableError
from pipeline.inspection.inspected import inspect
from pipeline.inspection.looked_at import Rows
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.sources import source
from tests.streams.avro_records import Registry
from tests.streams.protobuf_records import MONEY, PAYMENT, REFERENCES, framed, message

PAID: Final[dict[str, Any]] = {
    "booked_at": "2024-03-01T09:00:00.123Z",
    "account": "DE89",
    "n": 2**53 + 1,
    "kind": "CARD",
    "card": {"number": "4111", "issuer": {"bank": "B"}},
    "tags": ["a", "ü"],
    "counts": {"x": 2**64 - 1},
    "app": "",
    "big": -(2**60),
    "raw": base64.b64encode(b"\0\1").decode(),
    "price": {"cents": 5, "on": {"year": 2024, "month": 3, "day": 0}},
    "cards": [{"number": "1"}, {}],
    "by_slot": {"7": {"number": "2"}},
    "ok": True,
    "seen": {"true": "CARD"},
}


def answer(text: str, references: Sequence[str] = ()) -> dict[str, Any]:
    """What a registry answers that has the files of these names under subjects of theirs."""
    named = [{"name": name, "subject": f"of {name}", "version": 1} for name in references]
    return {"schemaType": "PROTOBUF", "schema": text, "references": named}


@pytest.fixture
def served() -> Iterator[Registry]:
    with closing(Registry()) as found:
        found.schemas[1] = answer(PAYMENT, ["shop/money.proto"])
        found.latest["of shop/money.proto"] = answer(MONEY)
        yield found


@pytest.fixture
def kafka(served: Registry) -> KafkaSettings:
    return KafkaSettings(registry=RegistrySettings(url=served.url))


def at(value: bytes | None, offset: int = 0) -> Record:
    return Record("payments", 0, offset, 1_709_290_000_000, None, value)


def shown(kafka: KafkaSettings, value: bytes) -> Any:
    (found,) = Readable(kafka).all([at(value)])
    return json.loads(found.value or b"")


def paid(values: Mapping[str, Any] = PAID) -> bytes:
    decimal = {"amount": {"value": base64.b64encode(b"\x01\x00").decode(), "scale": 2}}
    return message("Payment", {**values, **decimal}).SerializeToString()


def test_a_record_is_shown_as_json(kafka: KafkaSettings) -> None:
    found = shown(kafka, framed(1, [1], paid()))
    assert found == PAID | {
        "amount": 2.56,
        # Proto3 does not tell these from absent ones.
        "cards": [{"number": "1"}, {"number": ""}],
    }
    assert list(found)[:4] == ["booked_at", "account", "amount", "n"]


def test_fields_that_are_not_there(kafka: KafkaSettings) -> None:
    assert shown(kafka, framed(1, [1], b"")) == {
        "account": "", "n": 0, "kind": "UNKNOWN", "tags": [], "counts": {}, "raw": "",
        "cards": [], "by_slot": {}, "ok": False, "seen": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "name", "values"),
    [
        ([0], "Refund", {"reason": "late"}),
        ([1, 0], "Payment.Card", {"number": "4111", "issuer": {"bank": "B"}}),
        ([1, 0, 0], "Payment.Card.Issuer", {"bank": "B"}),
    ],
)
def test_the_message_is_the_one_that_the_value_names(
    place: Sequence[int], name: str, values: dict[str, Any], kafka: KafkaSettings
) -> None:
    data = message(name, values).SerializeToString()
    assert shown(kafka, framed(1, place, data)) == values


def test_what_is_odd_in_a_known_message_is_shown_by_its_fields(kafka: KafkaSettings) -> None:
    made: Any = message("Payment", {})
    made.booked_at.seconds = 2**62
    made.kind = 9
    made.amount.value = b"\1" * 10_000
    found = shown(kafka, framed(1, [1], made.SerializeToString()))
    assert found["booked_at"] == {"seconds": 2**62, "nanos": 0}
    assert found["kind"] == 9
    assert found["amount"]["scale"] == 0


@pytest.mark.parametrize(
    "value",
    [
        b"\0\0\0\0\1",
        b"\0\0\0\0\1\x02\x01",
        framed(1, [2], b""),
        framed(1, [-1], b""),
        framed(1, [1, 9], b""),
        framed(1, [1, 0, 0, 0], b""),
        framed(1, [1], b"\x0a\x05"),
        b"\0\0\0\0\1" + b"\xff" * 1_000_000,
        framed(1, [1], b"\x12\x01\xff"),
        framed(1, [1], b"\x33" * 1_000),
    ],
)
def test_what_is_no_such_message_stays_as_it_is(value: bytes, kafka: KafkaSettings) -> None:
    readable = Readable(kafka)
    assert readable.all([at(value)]) == [at(value)]
    assert readable.problem == ""


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_fields_or_a_fault(data: bytes) -> None:
    read = _reader()
    for value in (framed(1, [1], data), b"\0\0\0\0\1" + data):
        try:
            json.dumps(read(value), default=str)
        except Exception as error:
            assert not isinstance(error, (MemoryError, RecursionError))


@cache
def _reader() -> Any:
    return reader(compiled(PAYMENT, REFERENCES))


def _as_descriptor(text: str, references: Mapping[str, str] = {}) -> str:
    file: FileDescriptorProto = compiled(text, references).file[-1]
    return base64.b64encode(file.SerializeToString()).decode()


@pytest.mark.parametrize("main_too", [False, True])
def test_schemas_may_be_descriptors(main_too: bool, served: Registry, kafka: KafkaSettings) -> None:
    served.latest["of shop/money.proto"] = answer(_as_descriptor(MONEY))
    if main_too:
        served.schemas[1] = answer(_as_descriptor(PAYMENT, REFERENCES), ["shop/money.proto"])
    assert shown(kafka, framed(1, [1], paid()))["price"] == PAID["price"]


def test_files_import_files(served: Registry, kafka: KafkaSettings) -> None:
    """Each of them once, also if they do so in a circle, and one has the name of the schema."""
    served.schemas[1] = answer(
        'syntax = "proto3"; import "schema.proto"; message A { B b = 1; }', ["schema.proto"]
    )
    served.latest["of schema.proto"] = answer(
        'syntax = "proto3"; import public "c.proto"; message B { C c = 1; }',
        ["c.proto", "schema.proto"],
    )
    served.latest["of c.proto"] = answer('syntax = "proto3"; message C { int32 n = 1; }')
    assert shown(kafka, framed(1, [0], b"\x0a\x04\x0a\x02\x08\x07")) == {"b": {"c": {"n": 7}}}
    assert len(served.asked) == 3


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (answer("message A { optional Foo b = 1; }"), '(1:22: "Foo" is not defined.)'),
        (answer(""), "it is not what its schema 1 says"),
        (answer("\x1b[31m"), "cannot be compiled (1:1: "),
        (answer(PAYMENT), '(8:1: Import "shop/money.proto" was not found or had errors.)'),
        (answer(PAYMENT, ["other.proto"]), "refers to version 1 of of other.proto, which is not"),
        (answer(PAYMENT, ["../money.proto"]), "imports '../money.proto', which cannot be a file"),
        (answer(PAYMENT, ["/money.proto"]), "imports '/money.proto', which cannot be a file"),
        (answer(PAYMENT, [f"{'x' * 999}/y"]), "which cannot be a file"),
        (answer("AAAA"), "cannot be compiled"),
        ({"schemaType": "JSON", "schema": "{}"}, "its schema 1 is of Json"),
    ],
)
def test_schemas_that_cannot_be_used(
    schema: dict[str, Any], said: str, served: Registry, kafka: KafkaSettings
) -> None:
    served.schemas[1] = schema
    served.latest |= {
        f"of {each['name']}": answer(MONEY) for each in schema.get("references", ())
        if each["name"] != "other.proto"
    }  # fmt: skip
    value = framed(1, [0], b"")
    schemas = Schemas(kafka.registry)
    for _ in range(2):
        with pytest.raises(UndecodableError) as caught:
            schemas.values(value)
        assert said in str(caught.value)
        assert str(caught.value).isprintable()
    assert Readable(kafka).all([at(value)] * 2) == [at(value)] * 2


def test_a_registry_that_refuses_is_no_fault_of_the_schema(
    served: Registry, kafka: KafkaSettings
) -> None:
    now = [0.0]
    readable = Readable(kafka, clock=lambda: now[0])
    value = at(framed(1, [0], b""))
    served.status = 403
    assert readable.all([value]) == [value]
    assert "refuses access" in readable.problem
    served.status, now[0] = 200, 60.0
    assert readable.all([value]) != [value]
    assert readable.problem == ""


def test_features_cannot_read_it(served: Registry, kafka: KafkaSettings) -> None:
    columns: dict[str, Any] = {"schema": {"at": "timestamp(3)"}, "time": "at"}
    with pytest.raises(InputError) as caught:
        source(topic="payments", format="protobuf-confluent", **columns)
    assert str(caught.value) == (
        "source 'payments': Flink cannot read Protobuf that begins with the id of its schema "
        "(FLINK-34440). Use one of json, csv, avro, avro-confluent, "
        "protobuf."
    )
    records = [at(framed(1, [0], b""), number) for number in range(3)]
    with pytest.raises(InputError) as caught:
        inspect(Rows("payments", "payments", records, schemas=Schemas(kafka.registry)))
    assert str(caught.value) == (
        "None of 3 records of payments is a record in Avro; of the last, its schema 1 is of "
        "Protobuf. Features read JSON, CSV, Avro and plain Protobuf; Flink cannot read Protobuf "
        "that begins with the id of its schema (FLINK-34440)."
    )
    avro = source(topic="payments", format="avro-confluent", **columns)
    served.latest["payments-value"] = answer(PAYMENT)
    with pytest.raises(InputError) as caught:
        require_readable(avro, kafka)
    assert "payments in the registry is of Protobuf. Flink cannot" in str(caught.value)
    assert "its schema 1 is of Protobuf" in decoder_of(avro, kafka).closely(framed(1, [0], b""))[1]
