"""Keys, values and fields of records, as SQL over `value` and `__time`, the event time."""

from __future__ import annotations

from typing import Any, Final

from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import TIME
from pipeline.sources.formats import CSV
from pipeline.sources.written_fields import BINARY, WrittenFields
from pipeline.text.sql import literal

from .values import duckdb_type, value

_WRITTEN: Final = {
    # As the tutorial has them: a fraction only where there is one.
    TimeFormat.SQL: (
        "strftime({0}, '%Y-%m-%d %H:%M:%S') "
        "|| CASE WHEN epoch_ms({0}) % 1000 = 0 THEN '' ELSE strftime({0}, '.%g') END"
    ),
    TimeFormat.ISO: "strftime({0}, '%Y-%m-%dT%H:%M:%S.%gZ')",
    TimeFormat.EPOCH_S: "CAST(floor(epoch_ms({0}) / 1000) AS BIGINT)",
    TimeFormat.EPOCH_MS: "epoch_ms({0})",
    TimeFormat.EPOCH_US: "epoch_us({0})",
    TimeFormat.EPOCH_NS: "epoch_us({0}) * 1000",
}


def key_of(source: Source) -> str:
    """The user as text in UTF-8; null for a record without one."""
    if source.user is None:
        return "NULL::BLOB"
    return f"encode(CAST({value(source.user)} AS VARCHAR))"


def in_text(source: Source) -> str:
    """The record's value in UTF-8, in the format of its source, which is one of text."""
    return f"encode({_in_csv(source) if source.format == CSV else _in_json(source)})"


def _in_json(source: Source) -> str:
    """The record in JSON; a null column is written as null."""
    fields: dict[str | int, Any] = {}
    for name, dtype in source.schema:
        *outside, last = source.record_paths[name]
        inside = fields
        for step in outside:
            inside = inside.setdefault(step, {})
        inside.setdefault(last, _written(source, name, dtype))
    return f"CAST({_json(fields)} AS VARCHAR)"


def _in_csv(source: Source) -> str:
    """The record as a line of CSV; a null column is empty, as is an empty text."""
    fields = (f"coalesce({_field(source, name, dtype)}, '')" for name, dtype in source.schema)
    return f"concat_ws({literal(source.separator)}, {', '.join(fields)})"


def _field(source: Source, name: str, dtype: str) -> str:
    written = _written(source, name, dtype)
    if dtype == "string":
        return f"""'"' || replace({written}, '"', '""') || '"'"""
    return f"CAST({written} AS VARCHAR)"


def in_fields(source: Source, fields: WrittenFields) -> dict[str, str]:
    """The values that the fields of a record hold, by column.

    A time is a number, or text in ISO 8601, and a date the number of days since 1970.
    """
    narrower = fields.narrower(source)
    found = {}
    for name in fields.types:
        stored = in_field(source, name, _now(source, name))
        dtype = narrower.get(name)
        if dtype == BINARY:
            stored = f"encode({stored})"
        elif dtype is not None:
            stored = f"CAST({stored} AS {duckdb_type(dtype)})"
        found[name] = stored
    return found


def in_field(source: Source, name: str, column: str) -> str:
    """The value that a field of the type of its column holds; see `in_fields`.

    Args:
        source: The source.
        name: The column.
        column: SQL of its value.
    """
    dtype = source.columns[name]
    if dtype == "date":
        return f"{column} - DATE '1970-01-01'"
    if dtype != TIME:
        return column
    as_number = source.time_format is TimeFormat.SQL
    return _WRITTEN[TimeFormat.EPOCH_MS if as_number else source.time_format].format(column)


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
    return _WRITTEN[source.time_format].format(_now(source, name))


def _now(source: Source, name: str) -> str:
    """The value of a column of the record, whose event time may be moved."""
    return "__time" if name == source.time else value(name)
