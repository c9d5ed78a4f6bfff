"""Looks at rows of a topic or a file, and declares a source that fits them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pipeline.errors import InputError
from pipeline.kafka.quarantine import Quarantined, validate_rows
from pipeline.sources import Source, source
from pipeline.sources.column_types import TIME, is_whole
from pipeline.sources.formats import BY_ORDER
from pipeline.sources.masking import OPEN, Mask
from pipeline.sources.paths import field_name, written_path
from pipeline.text.sanitise import sanitised

from .disorder import Disorder, disorder
from .fields import NEARLY_ALL, Field
from .flattened import Columns
from .looked_at import Rows
from .recognised import recognised
from .roles import amount_of, identity_of, label_of, sensitive_of, time_of, user_of
from .written import NOTHING, Decoded, Told, Written

_MOST_NAMED: Final = 12


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a topic or a file holds.

    Attributes:
        source: A declaration that fits its rows.
        rows: The rows that were looked at.
        written: How they are written.
        records: Their number, with those of a file that could not be separated.
        partitions: In how many partitions they are.
        key: The field that is their key; empty if none is.
        fields: The fields that the declaration has, in order.
        left_out: The fields that it leaves out, with the reason.
        disorder: How far they are out of order.
        invalid: How many would be invalid, by kind.
        example: Why the first of those would be; empty if there is none.
    """

    source: Source
    rows: Rows
    written: Written
    records: int
    partitions: int
    key: str
    fields: tuple[Field, ...]
    left_out: tuple[tuple[str, str], ...]
    disorder: Disorder
    invalid: dict[str, int]
    example: str = ""

    @property
    def invalid_share(self) -> float:
        return sum(self.invalid.values()) / self.records


def inspect(looked_at: Rows, mask: Mask = OPEN, told: Told = NOTHING) -> Inspection:
    """Look at rows.

    Args:
        looked_at: The rows.
        mask: What is known to be sensitive, besides fields whose names say so.
        told: What the records do not say of themselves.

    Raises:
        InputError: There are none, how they are written is not known, no field looks like a time,
            or no source reads them.
        UnavailableError: The schema registry does not answer.
    """
    topic, records, one = looked_at.topic, looked_at.records, looked_at.one
    name = sanitised(looked_at.name)
    if not records:
        hint = "Check the file." if looked_at.file else "Send some, and inspect it again."
        raise InputError(f"{name} holds no {one}.", hint)
    written = recognised(looked_at, name, told)
    decoded, columns = written.decoded(records)
    if not decoded:
        raise written.undecoded(records)
    fields = written.fields(decoded, columns)
    named = written.named
    could_be = [field for field in fields if field.name not in written.never_time]
    time = time_of(could_be, named=named)
    if time is None or time.time_format is None:
        names = ", ".join(sanitised(field.name) for field in fields[:_MOST_NAMED])
        raise InputError(
            f"No field of {name} looks like a time.",
            f"Its fields: {names}. A source needs a time as SQL or ISO text, or since 1970."
            f"{_replayed(looked_at)}",
        )
    key = _key_of(decoded, fields)
    schema, left_out = _schema(topic, time, fields, columns)
    left_out += tuple((written_path(path), "seldom written so") for path in columns.mixed)
    declared = [field for field in fields if field.name in schema]
    others = [field for field in declared if field is not time]
    user, label = user_of(others, key), label_of(others, named=named)
    amount = amount_of(others, named=named)
    identity = identity_of([field for field in others if field not in (user, amount, label)])
    by_name = [field for field in sensitive_of(others) if field is not amount]
    known = {name for path, name in columns.names.items() if field_name(path) in mask.fields}
    known |= mask.fields
    # If a sensitive column of the topic's source is none of these names, it may be any of them.
    unsure = written.format in BY_ORDER and mask.declared and not known <= schema.keys()
    found = source(
        topic=topic,
        schema=schema,
        time=time.name,
        time_format=time.time_format,
        format=written.format,
        required=[
            field.name
            for field in others
            if field.always and field.name not in written.never_required
        ],
        sensitive=[
            field.name for field in others if unsure or field.name in known or field in by_name
        ],
        user=None if user is None else user.name,
        amount=None if amount is None else amount.name,
        label=None if label is None else label.name,
        identity=None if identity is None else identity.name,
        paths=columns.paths(list(schema)),
        **written.declared(),
    )
    written.require(found)
    valid, invalid = validate_rows(records, written.decoder(found))
    unread = Counter(looked_at.file.unread if looked_at.file else {})
    kinds = unread + Counter(each.kind for each in invalid)
    out_of_order = disorder((record.partition, getattr(row, time.name)) for record, row in valid)
    return Inspection(
        replace(found, watermark=out_of_order.watermark),
        looked_at,
        written,
        len(records) + unread.total(),
        len({record.partition for record in records}),
        key,
        tuple(declared),
        left_out,
        out_of_order,
        dict(kinds.most_common()),
        _example(looked_at, invalid),
    )


def described(found: Inspection) -> str:
    """Return a sentence on what would be invalid."""
    count = sum(found.invalid.values())
    if not count:
        return "All of them would be valid."
    kinds = ", ".join(f"{kind} ({number:,})" for kind, number in found.invalid.items())
    example = f"; {found.example}" if found.example else ""
    share = f"{found.invalid_share:.1%}" if found.invalid_share >= 0.001 else "less than 0.1%"
    return f"{count:,} of them ({share}) would be invalid: {kinds}{example}."


def known_layout(looked_at: Rows) -> str:
    """Return a sentence on the known layout that a file has; empty if it has none."""
    if looked_at.file is None or not looked_at.file.layout:
        return ""
    return (
        f"Known layout: {looked_at.file.layout}; `fraudwatch replay` sends it to the tutorial's "
        "topic."
    )


def _replayed(looked_at: Rows) -> str:
    said = known_layout(looked_at)
    return f" {said}" if said else ""


def _example(looked_at: Rows, invalid: Sequence[Quarantined]) -> str:
    file = looked_at.file
    if not invalid:
        return file.example if file else ""
    place = f" ({file.unit} {invalid[0].record.offset:,})" if file else ""
    return f"{invalid[0].reason}{place}"


def _schema(
    topic: str, time: Field, fields: Sequence[Field], columns: Columns
) -> tuple[dict[str, str], tuple[tuple[str, str], ...]]:
    """Return the columns that can be declared, and why the others cannot."""

    def declare(schema: dict[str, str]) -> None:
        paths = columns.paths(list(schema))
        source(topic=topic, schema=schema, time=time.name, paths=paths)

    schema = {time.name: TIME}
    declare(schema)
    left_out = []
    where = columns.paths([field.name for field in fields])
    for field in fields:
        if field is time:
            continue
        dtype = TIME if field.time_format is time.time_format and _is_text(field) else _type(field)
        if not dtype:
            why = field.note or "a time in another unit"
            left_out.append((where.get(field.name, field.name), why))
            continue
        try:
            declare(schema | {field.name: dtype})
        except InputError as error:
            left_out.append(
                (where.get(field.name, field.name), error.message.rpartition(": ")[2].rstrip("."))
            )
        else:
            schema[field.name] = dtype
    in_order = {field.name: schema[field.name] for field in fields if field.name in schema}
    return in_order, tuple(left_out)


def _type(field: Field) -> str:
    """The type of a column whose times are not written as those of the source."""
    return field.otherwise if field.type == TIME else field.type


def _is_text(field: Field) -> bool:
    return field.type in ("string", TIME) and field.time_format is not None


def _key_of(decoded: Decoded, fields: Sequence[Field]) -> str:
    """Return the field whose text is the key of nearly all records; empty if none is."""
    keyed = [
        (record.key.decode(errors="replace").strip('"'), row)
        for record, row in decoded
        if record.key is not None
    ]
    if len(keyed) < len(decoded) * NEARLY_ALL:
        return ""
    for field in fields:
        if field.type != "string" and not is_whole(field.type):
            continue
        left = len(keyed) - len(decoded) * NEARLY_ALL
        for key, row in keyed:
            left -= key != str(row.get(field.name))
            if left < 0:
                break
        else:
            return field.name
    return ""
