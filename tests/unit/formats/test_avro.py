"""Records in Avro, read as Flink reads them, with a registry on a socket of this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Final

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import KafkaSettings, RegistrySettings
from pipeline.errors import ConfigError, InputError, PipelineError, UnavailableError
from pipeline.flink import source_table
from pipeline.formats.avro.columns import misread, schema, unreadable
from pipeline.formats.decoders import decoder_of, require_readable
from pipeline.formats.kinds import Kind
from pipeline.formats.schemas import Schemas
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.sources import Source, source
from tests.streams.avro_records import Registry, encoded

MILLIS: Final = {"type": "long", "logicalType": "timestamp-millis"}
MICROS: Final = {"type": "long", "logicalType": "timestamp-micros"}
ARRIVED: Final = 1_709_290_000_000
AT: Final = 1_709_283_600_123


def money(scale: int) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": scale}


def payments(format: str = "avro-confluent", **more: Any) -> Source:
    columns = {"at": "timestamp(3)", "who": "string", "amount": "decimal(12, 2)", "n": "int16"}
    return source(
        topic="payments",
        schema=columns | {"day": "date"},
        time="at",
        required=("who",),
        format=format,
        **more,
    )


def record(*fields: tuple[str, Any]) -> dict[str, Any]:
    listed = [{"name": name, "type": kind} for name, kind in fields]
    return {"type": "record", "name": "Payment", "fields": listed}


WRITTEN: Final = record(
    *(("who", ["null", "string"]), ("at", MILLIS), ("amount", ["null", money(2)])),
    *(("n", "int"), ("day", ["null", {"type": "int", "logicalType": "date"}]), ("more", "string")),
)
ROW: Final[dict[str, Any]] = {
    "at": AT, "who": "me", "amount": b"\x01\x00", "n": 7, "day": -1, "more": "x",
}  # fmt: skip


@pytest.fixture
def served() -> Iterator[Registry]:
    with closing(Registry()) as found:
        found.schemas[1] = WRITTEN
        yield found


@pytest.fixture
def kafka(served: Registry) -> KafkaSettings:
    return KafkaSettings(registry=RegistrySettings(url=served.url))


def at(value: bytes | None, offset: int = 0) -> Record:
    return Record("payments", 0, offset, ARRIVED, None, value)


def test_a_record_is_read_as_flink_reads_it(served: Registry, kafka: KafkaSettings) -> None:
    decoder = decoder_of(payments(), kafka)
    row = decoder.usual(encoded(1, WRITTEN, ROW))
    assert row.at == datetime(2024, 3, 1, 9, 0, 0, 123_000)
    assert (row.who, row.amount, row.n) == ("me", Decimal("2.56"), 7)
    assert row.day == date(1969, 12, 31)
    # A schema is asked for once.
    assert decoder.usual(encoded(1, WRITTEN, ROW | {"n": 2**15})).n == -(2**15)
    assert len(served.asked) == 2  # By each of the two clients.


@pytest.mark.parametrize(
    ("changes", "column", "found"),
    [
        ({"amount": None}, "amount", None),
        # More digits than the column has.
        ({"amount": (10**12).to_bytes(8)}, "amount", None),
        ({"amount": (1 - 10**12).to_bytes(8, signed=True)}, "amount", Decimal("-9999999999.99")),
        ({"who": b"\xffme"}, "who", "\ufffdme"),
        ({"day": 2**31 - 1}, "day", date.max),
        ({"day": -(2**31)}, "day", date.min),
    ],
)
def test_odd_values(
    changes: dict[str, Any], column: str, found: object, kafka: KafkaSettings
) -> None:
    row = decoder_of(payments(), kafka).usual(encoded(1, WRITTEN, ROW | changes))
    assert getattr(row, column) == found


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (None, Kind.EMPTY, "the value is empty"),
        (b"", Kind.EMPTY, "the value is empty"),
        (b'{"who": "me"}', Kind.NOT_AVRO, "it does not begin with the id of a schema"),
        (b"\0\0\0\0\1", Kind.NOT_AVRO, "it does not begin with the id of a schema"),
        (b"\0\0\0\0\7abc", Kind.NOT_AVRO, "its schema 7 is not in the registry"),
        (b"\0\0\0\0\2abc", Kind.NOT_AVRO, "its schema 2 is of Protobuf"),
        (b"\0\0\0\0\1a", Kind.NOT_AVRO, "it is not what its schema 1 says"),
        (encoded(1, WRITTEN, ROW | {"amount": b""}), Kind.NOT_AVRO, "a decimal without bytes"),
        (encoded(1, WRITTEN, ROW | {"who": None}), Kind.MISSING, "who is null"),
        (encoded(3, record(("at", MILLIS)), ROW), Kind.MISSING, "who is missing"),
        (encoded(1, WRITTEN, ROW | {"at": 2**62}), Kind.FUTURE, "at is 9999-12-31"),
        (encoded(1, WRITTEN, ROW | {"at": -1}), Kind.PAST, "at is 1969-12-31"),
        (encoded(4, record(("at", "string")), {"at": "x"}), Kind.UNREADABLE, "at is string, which"),
        (encoded(5, record(("at", MICROS)), ROW), Kind.WRONG_TYPE, "at is timestamp-micros, which"),
    ],
)
def test_what_is_invalid_is_said(
    value: bytes | None, kind: Kind, said: str, served: Registry, kafka: KafkaSettings
) -> None:
    served.schemas[2] = {"schemaType": "PROTOBUF", "schema": 'syntax = "proto3";'}
    served.schemas[3] = record(("at", MILLIS))
    served.schemas[4] = record(("at", "string"))
    served.schemas[5] = record(("at", MICROS))
    decoder = decoder_of(payments(), kafka)
    good, (bad,) = validate_rows([at(encoded(1, WRITTEN, ROW)), at(value, 9)], decoder)
    assert len(good) == 1
    assert (bad.kind, bad.record.offset) == (kind, 9)
    assert said in bad.reason
    assert kind.stops_jobs == ("every job that reads the topic fails at it" in bad.reason)


@pytest.mark.parametrize(
    ("written", "dtype", "cannot", "differs"),
    [
        ("int", "int64", False, False),
        ("long", "int32", True, False),
        ("double", "float32", True, False),
        ("long", "float32", False, False),
        ({"type": "enum", "name": "E", "symbols": ["A"]}, "string", True, False),
        (["null", "bytes"], "string", False, False),
        ({"type": "string", "logicalType": "uuid"}, "string", False, False),
        (["null", "long", "double"], "int64", True, False),
        ("long", "timestamp(3)", False, False),
        (MILLIS, "int64", False, False),
        (["null", MICROS], "timestamp(3)", False, True),
        (money(2), "decimal(9, 2)", False, False),
        (money(4), "decimal(12, 2)", False, True),
        ("bytes", "decimal(12, 2)", False, True),
        (money(2) | {"type": "fixed", "name": "F", "size": 3}, "decimal(12, 2)", True, True),
        ({"type": "array", "items": "string"}, "string", True, False),
    ],
)
def test_which_types_flink_resolves(
    written: object, dtype: str, cannot: bool, differs: bool
) -> None:
    assert bool(unreadable(written, dtype)) == cannot
    if not cannot:
        assert bool(misread(written, dtype)) == differs


def test_without_a_registry_the_columns_are_the_schema(kafka: KafkaSettings) -> None:
    plain = payments("avro")
    data = BytesIO()
    parsed = fastavro.parse_schema(schema(plain))
    moment = datetime(2024, 3, 1, 9)
    row = {"at": moment, "who": "me", "amount": Decimal("1.50"), "n": None, "day": None}
    fastavro.schemaless_writer(data, parsed, row)
    decoder = decoder_of(plain, kafka)
    found = decoder.usual(data.getvalue())
    assert (found.who, found.amount, found.n) == ("me", Decimal("1.50"), None)
    _, (bad,) = validate_rows([at(data.getvalue()[:5])], decoder)
    assert (bad.kind, bad.record.offset) == (Kind.NOT_AVRO, 0)
    assert "it is not what the columns say, in their order" in bad.reason


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (401, ConfigError, "refuses access (HTTP 401)"),
        (403, ConfigError, "refuses access (HTTP 403)"),
        (405, UnavailableError, "answers with an error (HTTP 405)"),
    ],
)
def test_a_registry_that_refuses_is_no_fault_of_the_record(
    status: int, kind: type[PipelineError], said: str, served: Registry, kafka: KafkaSettings
) -> None:
    served.status = status
    decoder = decoder_of(payments(), kafka)
    with pytest.raises(kind) as caught:
        validate_rows([at(encoded(1, WRITTEN, ROW))], decoder)
    assert said in str(caught.value)
    with pytest.raises(kind):
        require_readable(payments(), kafka)
    with pytest.raises(kind):
        Schemas(kafka.registry).ask()
    served.status = 200
    assert validate_rows([at(encoded(1, WRITTEN, ROW))], decoder)[1] == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, {"status": "UP"}), "answers, but is no schema registry."),
        ((200, None), "answers, but is no schema registry."),
        ((200, {"schema": 5}), "answers, but is no schema registry."),
        ((200, {"schema": "{}", "schemaType": 5}), "answers, but is no schema registry."),
        ((200, {"schema": "{}", "references": [5]}), "answers, but is no schema registry."),
        ((302, "sign in"), "answers with a redirect (HTTP 302)."),
        # As any web server answers; the registry's own answer has a code of its own.
        ((404, "not found"), "answers with an error (HTTP 404)."),
        ((404, {"error_code": 404}), "answers with an error (HTTP 404)."),
    ],
)
def test_what_answers_as_no_registry_does_is_said(
    answer: tuple[int, object], said: str, served: Registry, kafka: KafkaSettings
) -> None:
    served.answer = lambda path: answer  # type: ignore[method-assign]  # answers so
    asks: tuple[Callable[[], object], ...] = (
        Schemas(kafka.registry).ask,
        lambda: Schemas(kafka.registry).newest("payments"),
        lambda: Schemas(kafka.registry).reader(encoded(1, WRITTEN, ROW)),
    )
    for ask in asks:
        with pytest.raises(UnavailableError) as caught:
            ask()
        assert said in str(caught.value) and served.url in str(caught.value)
        assert "Check url in the profile's table kafka.registry" in caught.value.hint


@pytest.mark.parametrize(
    "written",
    ["?", "5", "null", '"x"', '{"type": "record"}', '{"type": "record", "name": "R", "fields": 5}'],
)
def test_a_schema_that_is_not_valid_is_said(
    written: str, served: Registry, kafka: KafkaSettings
) -> None:
    answered = {"schemaType": "AVRO", "schema": written}
    served.schemas[6] = served.latest["payments-value"] = answered
    with pytest.raises(InputError, match="The newest schema of payments in the registry is not"):
        require_readable(payments(), kafka)
    found = decoder_of(payments(), kafka).closely(b"\0\0\0\0\6abc")
    assert found[0] is Kind.NOT_AVRO and "its schema 6 is not valid Avro" in found[1]


def test_a_registry_that_is_gone_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)  # Between the retries of the client.
    with closing(Registry()) as served:
        url = served.url
    with pytest.raises(UnavailableError) as caught:
        Schemas(RegistrySettings(url=url)).ask()
    assert str(caught.value).startswith(f"The schema registry at {url} does not answer. Check")


@given(st.binary(max_size=60))
def test_any_bytes_are_a_row_or_a_fault(tail: bytes) -> None:
    decoder = decoder_of(payments("avro"), KafkaSettings())
    found = decoder.closely(tail or b"x")
    assert (decoder.usual(tail or b"x") is None) == isinstance(found, tuple)


def test_the_newest_schema_has_to_fit(served: Registry, kafka: KafkaSettings) -> None:
    require_readable(payments("json"), kafka)
    require_readable(payments(), kafka)  # There is none under that name.
    served.latest["payments-value"] = WRITTEN
    require_readable(payments(), kafka)
    served.latest["payments-value"] = record(("at", MILLIS), ("amount", money(4)))
    with pytest.raises(InputError) as caught:
        require_readable(payments(), kafka)
    assert "amount is decimal with 4 digits behind the point" in str(caught.value)


def test_values_of_any_topic_are_shown_as_json(served: Registry, kafka: KafkaSettings) -> None:
    now = [0.0]
    readable = Readable(kafka, clock=lambda: now[0])
    value = encoded(1, WRITTEN, ROW)
    (shown,) = readable.all([at(value)])
    assert json.loads(shown.value or b"") == {
        "who": "me", "at": "2024-03-01T09:00:00.123000Z", "amount": 2.56, "n": 7,
        "day": "1969-12-31", "more": "x",
    }  # fmt: skip
    others = [at(None), at(b"{}"), at(b"\0"), at(b"\0\0\0\0\1")]
    assert readable.all(others) == others
    # Numbers that are no ids of schemas are not asked for without end.
    odd = [at(b"\0" + number.to_bytes(8, "big")) for number in range(2**40, 2**42, 2**33)]
    assert readable.all(odd) == odd
    assert len(served.asked) < 100
    # What is known is still decoded.
    assert readable.all([at(value)]) == [shown]
    # Records of the same id are one unknown id.
    readable = Readable(kafka)
    assert readable.all([at(b"\0\0\0\0\0abc")] * 200) == [at(b"\0\0\0\0\0abc")] * 200
    assert readable.all([at(value)]) == [shown]

    readable = Readable(kafka, clock=lambda: now[0])
    served.status = 403
    assert readable.all([at(value), at(value)]) == [at(value), at(value)]
    assert "refuses access" in readable.problem
    served.status = 200
    assert readable.all([at(value)]) == [at(value)]
    now[0] = 60.0
    assert readable.all([at(value)]) != [at(value)]
    assert readable.problem == ""
    bare = KafkaSettings()
    assert Readable(bare).all([at(value)]) == [at(value)]


def test_values_of_plain_avro_are_shown_by_the_columns_of_their_source() -> None:
    plain = payments("avro")
    row = {
        "at": datetime(2024, 3, 1, 9, 0, 0, 123_000, tzinfo=UTC),
        "who": "me", "amount": Decimal("2.50"), "n": 7, "day": None,
    }  # fmt: skip
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(schema(plain)), row)
    prefixed = KafkaSettings(topic_prefix="team.")
    there = replace(at(out.getvalue()), topic="team.payments")
    (shown,) = Readable(prefixed, [plain]).all([there])
    assert shown.value == (
        b'{"at":"2024-03-01T09:00:00.123000Z","who":"me","amount":2.50,"n":7,"day":null}'
    )
    others = [at(out.getvalue()), replace(there, value=b"x"), replace(there, value=None)]
    assert Readable(prefixed, [plain]).all(others) == others
    # Its values refer to no schema, even if they begin as if they did.
    zero = replace(there, value=b"\0\0\0\0\1" + out.getvalue())
    registered = KafkaSettings(
        registry=RegistrySettings(url="http://127.0.0.1:9"), topic_prefix="team."
    )
    assert Readable(registered, [plain]).all([zero]) == [zero]
    assert Readable(prefixed, [payments("json")]).all([there]) == [there]


def test_columns_of_plain_avro_are_never_null_where_required() -> None:
    table, _ = source_table.statements(payments("avro"), KafkaSettings(), "group")
    assert "`at` TIMESTAMP(3) NOT NULL,\n  `who`" in table
    assert "`amount` DECIMAL(12, 2),\n" in table
    assert "'format' = 'avro'" in table and "json" not in table
