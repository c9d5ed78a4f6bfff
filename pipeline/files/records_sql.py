"""The key and the JSON of a source's records, as SQL over `value` and `__time`, the event time."""

from __future__ import annotations

from typing import Any, Final

from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import TIME
from pipeline.text.sql import literal

from .values import value

_WRITTEN: Final = {
    # As the tutorial has them: a fraction only where there is one.
    TimeFormat.SQL: (
        "strftime({0}, '%Y-%m-%d %H:%M:%S') "
        "|| CASE WHEN epoch_ms({0}) % 1000 = 0 THEN '' ELSE strftime({0}, '.%g') END"
    ),
    TimeFormat.ISO: "strftime({0}, '%Y-%m-%dT%H:%M:%S.%gZ')",
    TimeFormat.EPOCH_S: "CAST(floor(epoch_ms({0}) / 1000) AS BIGINT)",
    TimeFormat.EPOCH_MS: "epoch_ms({0})",
}


def key_of(source: Source) -> str:
    """The user as text in UTF-8; null for a record without one."""
    if source.user is None:
        return "NULL::BLOB"
    return f"encode(CAST({value(source.user)} AS VARCHAR))"


def in_json(source: Source) -> str:
    """The record's JSON in UTF-8; a null column is written as null."""
    fields: dict[str | int, Any] = {}
    for name, dtype in source.schema:
        *outside, last = source.record_paths[name]
        inside = fields
        for step in outside:
            inside = inside.setdefault(step, {})
        inside.setdefault(last, _written(source, name, dtype))
    return f"encode(CAST({_json(fields)} AS VARCHAR))"


def _json(part: Any) -> str:
    """SQL of an object of named fields, of an array of numbered elements, or of a value."""
    if isinstance(part, str):
        return part
    if all(isinstance(step, int) for step in part):
        elements = (_json(part.get(place, "NULL")) for place in range(max(part) + 1))
        return f"json_array({', '.join(elements)})"
    pairs = (f"{literal(name)}, {_json(inside)}" for name, inside in part.items())
    return f"json_object({', '.join(pairs)})"


def _written(source: Source, name: str, dtype: str) -> str:
    if dtype != TIME:
        return value(name)
    return _WRITTEN[source.time_format].format("__time" if name == source.time else value(name))
