"""Files of a stream in Avro, as records that Flink reads, with a registry in this process."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from pipeline.config import KafkaSettings, RegistrySettings
from pipeline.errors import ConfigError, InputError
from pipeline.files.target import Target
from pipeline.formats.avro.columns import schema
from pipeline.formats.decoders import decoder_of
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.readable import Readable
from pipeline.kafka.records import Record
from pipeline.kafka.tail import json_object
from pipeline.simulator.encoders import encoder_of
from pipeline.sources import Source, TimeFormat, source
from pipeline.sources.formats import AVRO, AVRO_CONFLUENT
from pipeline.text.sanitise import json_line
from tests.replayed import NOW, Read, file_of, read
from tests.streams.avro_records import Registry

PAYMENTS: Final = {
    "booked_at": "timestamp(3)",
    "account": "string",
    "amount": "decimal(12, 2)",
    "note": "string",
    "blocked": "boolean",
    "tries": "int8",
    "items": "int64",
    "score": "float64",
    "short": "float32",
    "due": "date",
    "settled": "timestamp(3)",
}
ROW: Final = {
    "booked_at": "2024-03-01 09:30:00.250",
    "account": "a",
    "amount": "1.50",
    "note": "ü",
    "blocked": "yes",
    "tries": "3",
    "items": "4000000000",
    "score": "0.1",
    "short": "0.5",
    "due": "1969-12-31",
    "settled": "1999-03-01T10:00:00.007+02:00",
}
MILLIS: Final = {"type": "long", "logicalType": "timestamp-millis"}
MICROS: Final = {"type": "long", "logicalType": "timestamp-micros"}


def money(precision: int, scale: int = 2) -> dict[str, Any]:
    return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


def payments(format: str = AVRO_CONFLUENT, time_format: str = "sql", **options: Any) -> Source:
    told: dict[str, Any] = {
        "topic": "payments",
        "schema": PAYMENTS,
        "time": "booked_at",
        "time_format": time_format,
        "user": "account",
        "amount": "amount",
        "required": ("account",),
        "format": format,
    }
    return source(**told | options)


def written(of: Source, *more: dict[str, Any], **types: Any) -> dict[str, Any]:
    """A schema of a source's records with other types for some fields, and further fields."""
    fields = [
        {"name": field["name"], "type": types[field["name"]]} if field["name"] in types else field
        for field in schema(of)["fields"]
        if types.get(field["name"], "") is not None
    ]
    return {"type": "record", "name": "Payment", "fields": [*fields, *more]}


@pytest.fixture
def served() -> Iterator[Registry]:
    with closing(Registry()) as found:
        yield found


@pytest.fixture
def kafka(served: Registry) -> KafkaSettings:
    return KafkaSettings(registry=RegistrySettings(url=served.url))


def register(served: Registry, newest: dict[str, Any]) -> None:
    served.latest["payments-value"] = served.schemas[1] = newest


def text_of(*rows: dict[str, str]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, rows[0])
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def sent(folder: Path, text: str, of: Source, kafka: KafkaSettings, **options: Any) -> Read:
    return read(file_of(folder, text), target=Target.of(of, encoder_of(of, kafka)), **options)


def records(found: Read) -> list[Record]:
    arrived = int(NOW.replace(tzinfo=UTC).timestamp() * 1_000)
    return [Record("payments", 0, n, arrived, *each) for n, each in enumerate(found.records)]


def rows(found: Read, of: Source, kafka: KafkaSettings) -> list[Any]:
    """The rows that Flink makes of the records, all of which are valid."""
    good, bad = validate_rows(records(found), decoder_of(of, kafka))
    assert not bad, bad
    return [row for _, row in good]


@pytest.mark.parametrize("time_format", TimeFormat)
@pytest.mark.parametrize("format", [AVRO, AVRO_CONFLUENT])
def test_every_type_is_read_as_it_was_written(
    format: str, time_format: str, tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments(format, time_format)
    register(served, written(of))
    empty = dict.fromkeys(ROW, "") | {"booked_at": "2024-03-01 09:30:01", "account": "b"}
    text = text_of(empty, ROW)
    found = sent(tmp_path, text, of, kafka, shift=timedelta(days=1, milliseconds=5))
    assert (found.left_out, found.notes) == ([], [])
    assert [key for key, _ in found.records] == [b"a", b"b"]
    row, nulls = rows(found, of, kafka)
    ms = 1_000 * (time_format != TimeFormat.EPOCH_S)
    assert row.booked_at == datetime(2024, 3, 2, 9, 30, 0, 255 * ms)
    assert row.settled == datetime(1999, 3, 1, 8, 0, 0, 7 * ms)
    assert (row.account, row.amount, row.note) == ("a", Decimal("1.50"), "ü")
    assert (row.blocked, row.tries, row.items) == (True, 3, 4_000_000_000)
    assert (row.score, row.short, row.due) == (0.1, 0.5, date(1969, 12, 31))
    others = set(PAYMENTS) - {"booked_at", "account"}
    assert {getattr(nulls, name) for name in others} == {None}
    # It is asked for once, and none is registered.
    newest = "/subjects/payments-value/versions/latest"
    assert [path for path in served.asked if "/subjects" in path] == [newest] * (format != AVRO)


def test_numbers_and_texts_are_written_as_the_schema_has_them(
    tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments()
    narrow = {"items": "int", "score": ["long", "null"], "short": ["null", "int"], "note": "bytes"}
    register(served, written(of, **narrow, amount=money(4), account=["null", "bytes"]))
    row = ROW | {"items": "-2147483648", "score": "9007199254740993", "short": "-7"}
    (found,) = rows(sent(tmp_path, text_of(row), of, kafka), of, kafka)
    assert (found.items, found.score, found.short) == (-(2**31), 2.0**53, -7)
    assert (found.account, found.note, found.amount) == ("a", "ü", Decimal("1.50"))
    # Of several numbers, the field has the one that holds most.
    register(served, written(of, score=["null", "int", "float", "long"]))
    (found,) = rows(sent(tmp_path, text_of(ROW), of, kafka), of, kafka)
    assert found.score == pytest.approx(0.1)


@pytest.mark.parametrize(
    "misfit",
    [
        ("items", "int", "2147483648", "items does not fit the topic's schema, which has int32"),
        ("score", "long", "2.5", "score does not fit the topic's schema, which has int64"),
        ("score", "long", "1e30", "score does not fit the topic's schema, which has int64"),
        ("score", "float", "1e39", "score does not fit the topic's schema, which has float32"),
        ("short", "int", "0.5", "short does not fit the topic's schema, which has int32"),
        ("amount", money(4), "100", "amount does not fit the topic's schema, which has decimal(4"),
        ("settled", "int", "2001-01-01 00:00", "settled does not fit the topic's schema, which"),
        ("note", "string", "", "note is null, which the topic's schema does not allow"),
        ("due", {"type": "int", "logicalType": "date"}, "", "due is null, which the topic's"),
    ],
)
def test_what_the_schema_does_not_hold_is_left_out(
    misfit: tuple[str, Any, str, str], tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    field, kind, text, reason = misfit
    of = payments()
    register(served, written(of, **{field: kind}))
    good = ROW | {"items": "1", "score": "1", "short": "1", "settled": "1970-01-01 00:00:01"}
    found = sent(tmp_path, text_of(good, good | {field: text}), of, kafka)
    (said,) = found.reasons
    assert said.startswith(f"line 3: {reason}")
    assert len(rows(found, of, kafka)) == 1


def test_fields_that_are_no_columns_take_their_default(
    tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments()
    more: list[dict[str, Any]] = [
        {"name": "channel", "type": "string", "default": "app"},
        {"name": "fee", "type": money(5), "default": "\u0001\u0000"},
        {"name": "tag", "type": ["bytes", "null"], "default": "ÿ"},
        {"name": "more", "type": {"type": "array", "items": "string"}, "default": []},
        {"name": "unknown", "type": ["string", "null"]},
    ]
    register(served, written(of, *more))
    found = sent(tmp_path, text_of(ROW), of, kafka)
    assert len(rows(found, of, kafka)) == 1
    (shown,) = Readable(kafka).all(records(found))
    value = json.loads(shown.value or b"")
    assert (value["channel"], value["fee"], value["more"]) == ("app", 2.56, [])
    assert (value["tag"], value["unknown"]) == ("/w==", None)


def test_columns_inside_of_records_are_written_there(
    tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments(
        time_format="epoch-us",
        paths={"account": "owner.id", "note": "owner.more.note", "items": "counts[1]"},
    )
    more = {"type": "record", "name": "More", "fields": [{"name": "note", "type": "string"}]}
    owner = {
        "type": "record",
        "name": "Owner",
        "fields": [{"name": "id", "type": "string"}, {"name": "more", "type": ["null", more]}],
    }
    fields = [
        {"name": "booked_at", "type": MICROS},
        {"name": "owner", "type": owner},
        {"name": "amount", "type": ["null", money(12)]},
        {"name": "counts", "type": {"type": "array", "items": ["null", "long"]}},
    ]
    register(served, {"type": "record", "name": "Payment", "fields": fields})
    bare = dict.fromkeys(ROW, "") | {"booked_at": "2024-03-01 09:30:01", "account": "b"}
    found = sent(tmp_path, text_of(ROW, bare), of, kafka)
    first, second = rows(found, of, kafka)
    assert first.booked_at == datetime(2024, 3, 1, 9, 30, 0, 250_000)
    assert (first.account, first.note, first.items) == ("a", "ü", 4_000_000_000)
    assert (second.account, second.note, second.items) == ("b", None, None)
    shown = [json.loads(each.value or b"") for each in Readable(kafka).all(records(found))]
    assert [each["counts"] for each in shown] == [[None, 4_000_000_000], []]
    assert [each["owner"]["more"] for each in shown] == [{"note": "ü"}, None]


def test_a_field_without_a_default_is_named(served: Registry, kafka: KafkaSettings) -> None:
    of = payments()
    register(served, written(of, {"name": "channel", "type": "string"}))
    with pytest.raises(InputError) as caught:
        encoder_of(of, kafka)
    assert str(caught.value) == (
        "The schema of payments has a field channel, which has no default and is no column of the "
        "source. Add channel to the source's columns, or give it a default in the schema."
    )


def test_a_column_that_the_schema_lacks_is_said(
    tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments()
    register(served, written(of, note=None, due=None))
    row = {name: text for name, text in ROW.items() if name != "due"}
    found = sent(tmp_path, text_of(row), of, kafka)
    assert found.notes == ["No due: null.", "Not in the topic's schema, so not sent: note."]
    assert rows(found, of, kafka)[0].note is None


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        (
            None,
            "The schema registry has no schema for payments. Register one as payments-value, as "
            "the topic's producers do with their first record.",
        ),
        (
            written(payments(), account=None),
            "The schema of payments has no field account, which the source requires, so each "
            "record would be invalid. Add the field to the schema, or do not require the column.",
        ),
        (
            written(payments(), settled=["null", MICROS]),
            "The newest schema of payments in the registry does not fit its source: settled is "
            "timestamp-micros, which Flink reads as milliseconds. Correct the column in the "
            "source, or leave it out.",
        ),
    ],
)
def test_a_schema_that_cannot_be_is_refused(
    newest: dict[str, Any] | None, said: str, served: Registry, kafka: KafkaSettings
) -> None:
    if newest is not None:
        register(served, newest)
    with pytest.raises(InputError) as caught:
        encoder_of(payments(), kafka)
    assert str(caught.value) == said


@pytest.mark.parametrize(
    ("time_format", "kind", "unit"),
    [
        (TimeFormat.EPOCH_MS, MICROS, "milliseconds"),
        (TimeFormat.EPOCH_S, MILLIS, "seconds"),
    ],
)
def test_a_time_in_another_unit_is_refused(
    time_format: str, kind: dict[str, Any], unit: str, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments(time_format=time_format)
    register(served, written(of, booked_at=kind))
    with pytest.raises(InputError, match=f"{kind['logicalType']}, which Flink reads as {unit}"):
        encoder_of(of, kafka)


def test_a_schema_of_another_language_is_refused(served: Registry, kafka: KafkaSettings) -> None:
    served.latest["payments-value"] = {"schemaType": "PROTOBUF", "schema": "message A {}"}
    with pytest.raises(InputError, match="schema of payments in the registry is of Protobuf"):
        encoder_of(payments(), kafka)


def test_without_a_registry_a_source_that_needs_one_is_refused() -> None:
    with pytest.raises(ConfigError, match="the profile has no schema registry"):
        encoder_of(payments(), KafkaSettings())


def test_what_the_library_cannot_write_is_one_sentence(
    tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments()
    wrong = {"name": "tags", "type": {"type": "map", "values": "bytes"}, "default": {"a": "b"}}
    register(served, written(of, wrong))
    with pytest.raises(InputError, match=r"written with the schema of payments: .* tags"):
        sent(tmp_path, text_of(ROW), of, kafka)


@pytest.mark.parametrize("time_format", TimeFormat)
@pytest.mark.parametrize("format", [AVRO, AVRO_CONFLUENT])
def test_what_tail_shows_is_sent_as_it_was(
    format: str, time_format: str, tmp_path: Path, served: Registry, kafka: KafkaSettings
) -> None:
    of = payments(format, time_format)
    register(served, written(of))
    empty = dict.fromkeys(ROW, "") | {"booked_at": "2024-03-01 09:30:01", "account": "b"}
    large = ROW | {"amount": "-999999999.99", "score": "1e-300", "items": "-9223372036854775808"}
    found = sent(tmp_path, text_of(ROW, empty, large), of, kafka)
    tail = map(json_object, Readable(kafka, [of]).all(records(found)))
    again = sent(tmp_path, "\n".join(map(json_line, tail)), of, kafka)
    assert again.left_out == []
    assert again.records == found.records
