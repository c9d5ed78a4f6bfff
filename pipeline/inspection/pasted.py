"""The declaration of a source as Python, to be pasted into a file of features."""

from __future__ import annotations

import json
import keyword
from collections.abc import Sequence

from pipeline.sources import TimeFormat
from pipeline.sources.durations import in_words
from pipeline.sources.formats import JSON
from pipeline.text.sanitise import sanitised
from pipeline.text.words import counted

from .fields import Field
from .inspected import Inspection, described

_WRITTEN = {
    TimeFormat.SQL: "SQL text",
    TimeFormat.ISO: "ISO 8601",
    TimeFormat.EPOCH_S: "seconds since 1970",
    TimeFormat.EPOCH_MS: "milliseconds since 1970",
}


def pasted(found: Inspection) -> str:
    """Return the Python text, with what was seen as comments."""
    return "\n".join([*_seen(found), "from fraudwatch import source", "", *_declaration(found)])


def _seen(found: Inspection) -> list[str]:
    source = found.source
    keyed = f", keyed by {sanitised(found.key)}" if found.key else ""
    partitions = counted(found.partitions, "partition")
    most = in_words(found.disorder.most)
    order = f"up to {most} out of order" if found.disorder.most else "in order"
    late = f"; {found.disorder.late:,} would be late" if found.disorder.late else ""
    written = _WRITTEN[source.time_format]
    if source.format != JSON and source.time_format is TimeFormat.SQL:
        written = "timestamp-millis"
    lines = [
        f"{source.topic}: {counted(found.records, 'record')} in {partitions}{keyed}.",
        f"{source.time} is written as {written}, {order}{late}.",
        described(found),
    ]
    lines += [f"Left out: {sanitised(name)} ({why})." for name, why in found.left_out]
    return [f"# {sanitised(line)}" for line in lines]


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
    }
    required = [name for name in source.required if name != source.time]
    return [
        f"{name} = source(",
        f"    topic={_text(source.topic)},",
        *([] if source.format == JSON else [f"    format={_text(source.format)},"]),
        "    schema={",
        *(
            f"        {_text(name)}: {_text(dtype)},{_comment(columns[name])}"
            for name, dtype in source.schema
        ),
        "    },",
        *(f"    {what}={_text(value)}," for what, value in given.items() if value is not None),
        *([f"    required={_tuple(required)},"] if required else []),
        ")",
    ]


def _comment(field: Field) -> str:
    said = [field.note] if field.note else []
    if not field.always:
        said.append(f"{field.null_share:.1%} null" if field.null_share >= 0.001 else "seldom null")
    return f"  # {', '.join(said)}" if said else ""


def _tuple(values: Sequence[str]) -> str:
    written = ", ".join(map(_text, values))
    return f"({written},)" if len(values) == 1 else f"({written})"


def _text(value: str) -> str:
    # JSON's strings are Python's, too.
    return json.dumps(value)
