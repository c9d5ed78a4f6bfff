"""The fields of Avro records: their types are those of the schema, the rest shows in the values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from pipeline.formats.avro.columns import branches_of, name_of, unreadable
from pipeline.sources import TimeFormat
from pipeline.sources.column_types import TIME
from pipeline.sources.paths import Path

from .fields import Field, distinct, epoch, written_as
from .flattened import Columns

_TYPES: Final = {
    "boolean": "boolean",
    "int": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "string",
}
_WIDER: Final = ("int", "long", "float", "double")


_LONG: Final = "int64"
_UNITS: Final = {
    "millis": TimeFormat.SQL,
    "micros": TimeFormat.EPOCH_US,
    "nanos": TimeFormat.EPOCH_NS,
}
"""How times of a logical type are written, by the end of its name."""


def types_in(schema: Any) -> dict[Path, Any]:
    """Return the types of the fields of a record, and of those inside of records in it, by path.

    Args:
        schema: The schema, expanded.
    """
    return dict(_types(schema, ()))


def _types(record: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for field in record["fields"]:
        here, written = (*path, field["name"]), field["type"]
        branches = branches_of(written)
        inside = branches[0] if len(branches) == 1 else None
        # One that is inside of itself has only its name there.
        if isinstance(inside, Mapping) and inside["type"] == "record":
            yield from _types(inside, here)
        else:
            yield here, written


def fields_of_types(
    types: Mapping[Path, Any], columns: Columns, rows: Sequence[Mapping[str, Any]]
) -> list[Field]:
    """Return the fields of records.

    Args:
        types: The types of the newest record's schema, by path.
        columns: The columns at these paths.
        rows: The values of the columns, of records that may be written with other schemas.
    """
    return [_field(columns.names[path], written, rows) for path, written in types.items()]


def _field(name: str, written: Any, rows: Sequence[Mapping[str, Any]]) -> Field:
    values = [value for row in rows if (value := row.get(name)) is not None]
    dtype, time_format = _column_type(written), None
    if dtype == TIME:
        time_format = _time_format(written)
    if not dtype or unreadable(written, _LONG if dtype == TIME else dtype):
        return Field(name, len(rows), len(values), 0, "", note=_note(written))
    if dtype == _LONG and values:
        time_format = epoch(values)
    elif dtype == "string" and values:
        time_format = written_as([str(value) for value in values])
        time_format = None if time_format is TimeFormat.SQL else time_format
    otherwise = _LONG if dtype == TIME else ""
    found = Field(name, len(rows), len(values), distinct(values), dtype, time_format)
    return replace(found, otherwise=otherwise)


def _time_format(written: Any) -> TimeFormat:
    (branch,) = branches_of(written)
    return _UNITS[name_of(branch)[1].rpartition("-")[2]]


def _column_type(written: Any) -> str:
    """The type of the column that holds a field; empty if none does."""
    branches = [b for b in (written if isinstance(written, list) else [written]) if b != "null"]
    if len(branches) > 1 and all(branch in _WIDER for branch in branches):
        return _TYPES[max(branches, key=_WIDER.index)]
    if len(branches) != 1:
        return ""
    (branch,) = branches
    if not isinstance(branch, Mapping):
        return _TYPES.get(branch, "")
    logical = branch.get("logicalType")
    if logical == "decimal" and branch["type"] == "bytes":
        return f"decimal({branch['precision']}, {branch.get('scale', 0)})"
    if logical == "date":
        return "date"
    if str(logical).removeprefix("local-").removeprefix("timestamp-") in _UNITS:
        return TIME
    return _column_type(branch["type"]) if isinstance(branch["type"], str) else ""


def _note(written: Any) -> str:
    branches = branches_of(written)
    if len(branches) != 1:
        return "a union of several types, which cannot be a column"
    kind = name_of(branches[0])[0]
    if kind == "array":
        return "an array; paths can name an element of it"
    return f"of type {kind}, which cannot be a column"
