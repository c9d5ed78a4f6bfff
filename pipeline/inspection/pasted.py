"""The declaration of a source as Python, to be pasted into a file of features."""

from __future__ import annotations

import json
import keyword
from collections.abc import Sequence
from textwrap import wrap
from typing import Final

from pipeline.sources import Source, TimeFormat
from pipeline.sources.durations import in_words
from pipeline.sources.formats import AVRO, AVRO_CONFLUENT, JSON, PROTOBUF
from pipeline.sources.paths import written_path
from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .fields import Field
from .inspected import Inspection, described, known_layout

_WIDTH: Final = 100
_WRITTEN: Final = {
    TimeFormat.SQL: "SQL text",
    TimeFormat.ISO: "ISO 8601",
    TimeFormat.EPOCH_S: "seconds since 1970",
    TimeFormat.EPOCH_MS: "milliseconds since 1970",
    TimeFormat.EPOCH_US: "microseconds since 1970",
    TimeFormat.EPOCH_NS: "nanoseconds since 1970",
}
_LOGICAL: Final = {
    AVRO: "timestamp-millis",
    AVRO_CONFLUENT: "timestamp-millis",
    PROTOBUF: "google.protobuf.Timestamp",
}


def pasted(found: Inspection) -> str:
    """Return the Python text, with what was seen as comments."""
    return "\n".join([*_seen(found), "from fraudwatch import source", "", *_declaration(found)])


def _seen(found: Inspection) -> list[str]:
    source = found.source
    most = in_words(found.disorder.most)
    order = f"up to {most} out of order" if found.disorder.most else "in order"
    late = f"; {found.disorder.late:,} would be late" if found.disorder.late else ""
    written = _WRITTEN[source.time_format]
    if source.time_format is TimeFormat.SQL:
        written = _LOGICAL.get(source.format, written)
    lines = [
        _counts(found),
        *found.written.said,
        f"{source.time} is written as {written}, {order}{late}.",
        described(found),
    ]
    lines += [f"Left out: {sanitised(name)} ({why})." for name, why in found.left_out]
    layout = known_layout(found.rows)
    lines += [layout] if layout else []
    return [f"# {sanitised(line)}" for line in lines]


def _counts(found: Inspection) -> str:
    number = counted(found.records, found.rows.one)
    if found.rows.file is not None:
        first = "the first " if found.rows.file.more else ""
        return f"{found.rows.name}: {first}{number}. The topic's name is a guess."
    keyed = f", keyed by {found.key}" if found.key else ""
    return f"{found.rows.topic}: {number} in {counted(found.partitions, 'partition')}{keyed}."


def _declaration(found: Inspection) -> list[str]:
    source = found.source
    columns = {field.name: field for field in found.fields}
    name = source.name.lower()
    name = f"{name}_" if keyword.iskeyword(name) else name
    given = {
        "time": source.time,
        "time_format": None if source.time_format is TimeFormat.SQL else str(source.time_format),
        "watermark": in_words(source.watermark).replace(" ", ""),
        "user": source.user,
        "amount": source.amount,
        "label": source.label,
        "identity": source.identity,
    }
    required = [name for name in source.required if name != source.time]
    return [
        f"{name} = source(",
        f"    topic={_text(source.topic)},",
        *([] if source.format == JSON else [f"    format={_text(source.format)},"]),
        *(f"    {what}={_text(value)}," for what, value in found.written.arguments.items()),
        "    schema={",
        *(
            f"        {_text(name)}: {_text(dtype)},{_comment(columns[name])}"
            for name, dtype in source.schema
        ),
        "    },",
        *(f"    {what}={_text(value)}," for what, value in given.items() if value is not None),
        *(_names("required", required) if required else []),
        *(_names("sensitive", source.sensitive) if source.sensitive else []),
        *_paths(source),
        ")",
    ]


def _paths(source: Source) -> list[str]:
    if not source.paths:
        return []
    where = [f"        {_text(name)}: {_text(written_path(path))}," for name, path in source.paths]
    return ["    paths={", *where, "    },"]


def _comment(field: Field) -> str:
    said = [field.note] if field.note else []
    if not field.always:
        said.append(f"{field.null_share:.1%} null" if field.null_share >= 0.001 else "seldom null")
    return f"  # {', '.join(said)}" if said else ""


def _names(what: str, names: Sequence[str]) -> list[str]:
    written = ", ".join(map(_text, names))
    line = f"    {what}=({written},)," if len(names) == 1 else f"    {what}=({written}),"
    if len(line) <= _WIDTH:
        return [line]
    # No name of a column has a blank.
    names_in_lines = wrap(f"{written},", _WIDTH - 8, break_long_words=False, break_on_hyphens=False)
    return [f"    {what}=(", *(f"        {line}" for line in names_in_lines), "    ),"]


def _text(value: str) -> str:
    # JSON's strings are Python's, too.
    return json.dumps(value)
