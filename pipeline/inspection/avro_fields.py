"""The fields of Avro records: their types are those of the schema, the rest shows in the values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pipeline.kafka.avro_types import misread, unreadable
from pipeline.sources import TimeFormat
from pipeline.sources.column_types import TIME

from .fields import Field, distinct, epoch, written_as

_TYPES: Final = {
    "boolean": "boolean",
    "int": "int32",
    "long": "int64",
    "float": "float32",
    "double": "float64",
    "string": "string",
}
_WIDER: Final = ("int", "long", "float", "double")


def fields_of_schema(schema: Any, rows: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Return the fields of a schema.

    Args:
        schema: The schema of the newest record, as parsed JSON; that of a record.
        rows: The decoded records, which may be written with other schemas.
    """
    return [_field(field["name"], field["type"], rows) for field in schema["fields"]]


def _field(name: str, written: Any, rows: Sequence[Mapping[str, Any]]) -> Field:
    values = [value for row in rows if (value := row.get(name)) is not None]
    dtype = _column_type(written)
    note = ""
    if not dtype or (note := unreadable(written, dtype) or misread(written, dtype)):
        # What it is called before the comma is what it is written as.
        what = note.partition(",")[0] or _called(written)
        return Field(name, len(rows), len(values), 0, "", note=f"{what}, which cannot be a column")
    time_format = None
    if dtype == TIME:
        time_format = TimeFormat.SQL
    elif dtype == "int64" and values:
        time_format = epoch(values)
    elif dtype == "string" and values:
        time_format = written_as([str(value) for value in values])
        time_format = None if time_format is TimeFormat.SQL else time_format
    return Field(name, len(rows), len(values), distinct(values), dtype, time_format)


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
    if logical is not None and ("timestamp" in logical or logical == "date"):
        return TIME if "timestamp" in logical else "date"
    return _column_type(branch["type"]) if isinstance(branch["type"], str) else ""


def _called(written: Any) -> str:
    if isinstance(written, list):
        others = [branch for branch in written if branch != "null"]
        return _called(others[0]) if len(others) == 1 else "a union of several types"
    return f"of type {written.get('type') if isinstance(written, Mapping) else written}"
