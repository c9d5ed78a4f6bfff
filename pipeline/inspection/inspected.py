"""Looks at the newest records of a topic, and declares a source that fits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import msgspec

from pipeline.errors import InputError
from pipeline.kafka.json_decoder import JsonDecoder
from pipeline.kafka.kinds import Kind
from pipeline.kafka.quarantine import validate_rows
from pipeline.kafka.records import Record
from pipeline.sources import Source, source
from pipeline.sources.column_types import TIME
from pipeline.text.malformed import MALFORMED
from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .disorder import Disorder, disorder
from .fields import Field, fields_of
from .roles import amount_of, label_of, time_of, user_of

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


def inspect(topic: str, records: Sequence[Record]) -> Inspection:
    """Look at records.

    Args:
        topic: Their topic, without the profile's prefix.
        records: The newest records, in each partition in the order of offsets.

    Raises:
        InputError: There are none, they are not JSON, or no field looks like a time.
    """
    if not records:
        raise InputError(f"{topic} holds no record.", "Send some, and inspect it again.")
    decoded = [(record, row) for record in records if (row := _row(record)) is not None]
    rows = [row for _, row in decoded]
    if not rows:
        all_of = "The only record" if len(records) == 1 else f"None of {len(records):,} records"
        verb = "is not" if len(records) == 1 else "is"
        raise InputError(
            f"{all_of} of {topic} {verb} a JSON object.", "Other formats are not supported yet."
        )
    fields = fields_of(rows)
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
        required=[field.name for field in others if field.always],
        **{role: field.name for role, field in roles.items() if field is not None},
    )
    valid, invalid = validate_rows(records, JsonDecoder(found))
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


def _row(record: Record) -> dict[str, Any] | None:
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
    return field.type == "string" and field.time_format is not None


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
        if field.type not in ("string", "int64"):
            continue
        same = sum(key == str(row.get(field.name)) for key, row in keyed)
        if same >= len(decoded) * _NEARLY_ALL:
            return field.name
    return ""
