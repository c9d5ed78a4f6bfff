"""Looks at the newest records of a topic, and declares a source that fits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from pipeline.errors import InputError
from pipeline.kafka.decoder import Decoder
from pipeline.kafka.json_decoder import JsonDecoder
from pipeline.kafka.kinds import Kind
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.records import Record
from pipeline.sources import Source, source
from pipeline.sources.column_types import TIME, is_whole
from pipeline.sources.formats import AVRO_CONFLUENT, JSON
from pipeline.text.malformed import MALFORMED
from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .avro_fields import fields_of_schema
from .disorder import Disorder, disorder
from .fields import Field, fields_of
from .roles import amount_of, label_of, time_of, user_of

if TYPE_CHECKING:  # Takes a third of a second to load.
    from pipeline.kafka.schemas import Schemas

_NEARLY_ALL: Final = 0.95
_MOST_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a topic holds.

    Attributes:
        source: A declaration that fits its records.
        records: Number of records that were looked at.
        partitions: In how many partitions they are.
        key: The field that is their key; empty if none is.
        fields: The fields that the declaration has, in order.
        left_out: The fields that it leaves out, with the reason.
        disorder: How far they are out of order.
        invalid: How many would be invalid, by kind.
        example: Why the first of those would be; empty if there is none.
    """

    source: Source
    records: int
    partitions: int
    key: str
    fields: tuple[Field, ...]
    left_out: tuple[tuple[str, str], ...]
    disorder: Disorder
    invalid: dict[Kind, int]
    example: str = ""

    @property
    def invalid_share(self) -> float:
        return sum(self.invalid.values()) / self.records


def inspect(topic: str, records: Sequence[Record], schemas: Schemas | None = None) -> Inspection:
    """Look at records.

    Args:
        topic: Their topic, without the profile's prefix.
        records: The newest records, in each partition in the order of offsets.
        schemas: The schema registry; None if the profile has none.

    Raises:
        InputError: There are none, they are neither JSON nor Avro with a schema in the registry, or
            no field looks like a time.
        UnavailableError: The schema registry does not answer.
    """
    if not records:
        raise InputError(f"{topic} holds no record.", "Send some, and inspect it again.")
    avro = [record for record in records if record.value and not record.value[0]]
    if schemas is None or len(avro) <= len(records) / 2:
        schemas, read = None, _json
    else:
        read = partial(_avro, schemas)
    decoded = [(record, row) for record in records if (row := read(record)) is not None]
    rows = [row for _, row in decoded]
    if not rows:
        raise _undecoded(topic, len(records), avro=bool(avro))
    if schemas is None:
        fields = fields_of(rows)
    else:
        newest, _ = max(decoded, key=lambda pair: pair[0].timestamp_ms)
        fields = fields_of_schema(schemas.written_with(newest.value or b"")[1], rows)
    time = time_of(fields)
    if time is None or time.time_format is None:
        names = ", ".join(sanitised(field.name) for field in fields[:_MOST_NAMED])
        raise InputError(
            f"No field of {topic} looks like a time.",
            f"Its fields: {names}. A source needs a time as SQL or ISO text, or since 1970.",
        )
    key = _key_of(decoded, fields)
    schema, left_out = _schema(topic, time, fields)
    declared = [field for field in fields if field.name in schema]
    others = [field for field in declared if field is not time]
    roles = {"user": user_of(others, key), "amount": amount_of(others), "label": label_of(declared)}
    found = source(
        topic=topic,
        schema=schema,
        time=time.name,
        time_format=time.time_format,
        format=JSON if schemas is None else AVRO_CONFLUENT,
        required=[field.name for field in others if field.always],
        **{role: field.name for role, field in roles.items() if field is not None},
    )
    valid, invalid = validate_rows(records, _decoder(found, schemas))
    out_of_order = disorder((record.partition, getattr(row, time.name)) for record, row in valid)
    return Inspection(
        replace(found, watermark=out_of_order.watermark),
        len(records),
        len({record.partition for record in records}),
        key,
        tuple(declared),
        left_out,
        out_of_order,
        dict(Counter(each.kind for each in invalid).most_common()),
        invalid[0].reason if invalid else "",
    )


def described(found: Inspection) -> str:
    """Return a sentence on what would be invalid."""
    count = sum(found.invalid.values())
    if not count:
        return "All of them would be valid."
    kinds = ", ".join(f"{kind} ({number:,})" for kind, number in found.invalid.items())
    return f"{counted(count, 'of them', 'of them')} would be invalid: {kinds}; {found.example}."


def _undecoded(topic: str, count: int, *, avro: bool) -> InputError:
    all_of = "The only record" if count == 1 else f"None of {count:,} records"
    verb = "is not" if count == 1 else "is"
    return InputError(
        f"{all_of} of {topic} {verb} a JSON object.",
        "If they are in Avro, set url in the profile's table kafka.registry, where their schema is."
        if avro
        else "Other formats are not supported yet.",
    )


def _decoder(found: Source, schemas: Schemas | None) -> Decoder:
    if schemas is None:
        return JsonDecoder(found)
    from pipeline.kafka.avro_decoder import AvroDecoder

    return AvroDecoder(found, schemas)


def _avro(schemas: Schemas, record: Record) -> dict[str, Any] | None:
    from pipeline.kafka.schemas import NotAvroError

    try:
        found = schemas.values(record.value or b"")
    except NotAvroError:
        return None
    return found if isinstance(found, dict) else None


def _json(record: Record) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(record.value or b"null")
    except MALFORMED:
        return None
    return found if isinstance(found, dict) else None


def _schema(
    topic: str, time: Field, fields: Sequence[Field]
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the columns that can be declared, and why the others cannot."""
    schema = {time.name: TIME}
    source(topic=topic, schema=schema, time=time.name)
    left_out = []
    for field in fields:
        if field is time:
            continue
        dtype = TIME if field.time_format is time.time_format and _is_text(field) else field.type
        if not dtype:
            left_out.append((field.name, field.note))
            continue
        try:
            source(topic=topic, schema=schema | {field.name: dtype}, time=time.name)
        except InputError as error:
            left_out.append((field.name, error.message.rpartition(": ")[2].rstrip(".")))
        else:
            schema[field.name] = dtype
    in_order = {field.name: schema[field.name] for field in fields if field.name in schema}
    return in_order, tuple(left_out)


def _is_text(field: Field) -> bool:
    return field.type in ("string", TIME) and field.time_format is not None


def _key_of(decoded: Sequence[tuple[Record, dict[str, Any]]], fields: Sequence[Field]) -> str:
    """Return the field whose text is the key of nearly all records; empty if none is."""
    keyed = [
        (record.key.decode(errors="replace").strip('"'), row)
        for record, row in decoded
        if record.key is not None
    ]
    if len(keyed) < len(decoded) * _NEARLY_ALL:
        return ""
    for field in fields:
        if field.type != "string" and not is_whole(field.type):
            continue
        same = sum(key == str(row.get(field.name)) for key, row in keyed)
        if same >= len(decoded) * _NEARLY_ALL:
            return field.name
    return ""
