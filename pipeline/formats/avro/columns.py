"""How the columns of a source are read from Avro, as Flink's Avro formats read them, and written.

Flink makes a schema of its table and lets Avro resolve what was written to it. Logical types take
no part in that: what was written as a number is read in the unit of the column, whatever unit it
was written in. Sources: Flink 2.3, `AvroSchemaConverter` and `AvroToRowDataConverters`; Avro 1.12,
"Schema Resolution".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, Final

from pipeline.formats import event_times
from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import digits, is_decimal, is_whole
from pipeline.sources.formats import AVRO
from pipeline.sources.written_fields import BINARY

Reader = Callable[[Any], Any]

_EPOCH: Final = datetime(1970, 1, 1)
_DAY_ZERO: Final = date(1970, 1, 1).toordinal()
_FIRST_MS: Final = (datetime.min - _EPOCH) // timedelta(milliseconds=1)
_LAST_MS: Final = (datetime.max - _EPOCH) // timedelta(milliseconds=1)
_EXACT: Final = Context(prec=100)
_RESOLVES: Final[Mapping[str, frozenset[str]]] = {
    "boolean": frozenset({"boolean"}),
    "int": frozenset({"int"}),
    "long": frozenset({"int", "long"}),
    "float": frozenset({"int", "long", "float"}),
    "double": frozenset({"int", "long", "float", "double"}),
    "string": frozenset({"string", "bytes"}),
    "bytes": frozenset({"bytes", "string"}),
}
"""The types that Avro resolves to a type."""
_IN_MILLISECONDS: Final = ("", "timestamp-millis", "local-timestamp-millis")
_TIMES: Final = {
    TimeFormat.SQL: _IN_MILLISECONDS,
    TimeFormat.EPOCH_MS: _IN_MILLISECONDS,
    TimeFormat.EPOCH_S: ("",),
    TimeFormat.EPOCH_US: ("", "timestamp-micros", "local-timestamp-micros"),
    TimeFormat.EPOCH_NS: ("", "timestamp-nanos", "local-timestamp-nanos"),
    TimeFormat.ISO: ("",),
}
_UNITS: Final = {
    TimeFormat.EPOCH_S: "seconds",
    TimeFormat.EPOCH_US: "microseconds",
    TimeFormat.EPOCH_NS: "nanoseconds",
}
"""The logical types of the times that are read as they were written."""
_HOLDS: Final = {"double": "float64", "float": "float32", "long": "int64", "int": "int32"}
"""The numbers that each type holds, those that hold most first."""


def schema(source: Source) -> dict[str, Any]:
    """Return the schema that Flink makes of a source's table.

    In plain Avro, required columns are written as their type; all others are the union of null and
    their type.
    """
    never_null = source.required if source.format == AVRO else ()
    fields: list[dict[str, Any]] = []
    for name, dtype in source.written.items():
        if name in never_null:
            fields.append({"name": name, "type": _type(dtype)})
        else:
            fields.append({"name": name, "type": ["null", _type(dtype)], "default": None})
    return {"type": "record", "name": "record", "fields": fields}


def _type(dtype: str) -> str | dict[str, Any]:
    if dtype.startswith("timestamp"):
        return {"type": "long", "logicalType": "timestamp-millis"}
    if dtype == "date":
        return {"type": "int", "logicalType": "date"}
    if is_decimal(dtype):
        precision, scale = digits(dtype)
        return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}
    return _primitive(dtype)


def _primitive(dtype: str) -> str:
    """The Avro type that holds the values of a column."""
    if dtype.startswith("timestamp"):
        return "long"
    if is_decimal(dtype):
        return "bytes"
    if dtype in ("int8", "int16", "int32", "date"):
        return "int"
    return {"int64": "long", "float32": "float", "float64": "double"}.get(dtype, dtype)


def unreadable(written: object, dtype: str) -> str:
    """Say why Flink fails at a field of this Avro type; empty when it reads the field.

    Each branch of a union has to be readable, whether a record uses it or not.

    Args:
        written: The field's type in the schema with which the record was written.
        dtype: The column's Ibis type, as it is written.
    """
    for branch in branches_of(written):
        name, _ = name_of(branch)
        if name not in _RESOLVES[_primitive(dtype)]:
            return f"{name}, which Flink's Avro format cannot read as {dtype}"
    return ""


def misread(written: object, dtype: str, time_format: TimeFormat = TimeFormat.SQL) -> str:
    """Say how Flink reads something else than was written; empty when it does not.

    Args:
        written: The field's type in the schema with which the record was written.
        dtype: The column's Ibis type.
        time_format: How its times are written.
    """
    for branch in branches_of(written):
        name, logical = name_of(branch)
        if dtype.startswith("timestamp") and logical not in _TIMES[time_format]:
            unit = _UNITS.get(time_format, "milliseconds")
            return f"{logical}, which Flink reads as {unit}"
        if is_decimal(dtype):
            behind = branch.get("scale", 0) if isinstance(branch, Mapping) else 0
            if logical != "decimal":
                return f"{name}, which Flink reads as {dtype}"
            if behind != digits(dtype)[1]:
                return (
                    f"decimal with {behind} digits behind the point, which Flink reads as {dtype}"
                )
    return ""


def holds(written: object, dtype: str) -> str:
    """Return the Ibis type of what a field holds, if that is less than its column; or its type.

    Args:
        written: The field's type in the schema of a record, which Flink reads as the column.
        dtype: The column's Ibis type, as it is written.
    """
    branches = {name_of(branch)[0]: branch for branch in branches_of(written)}
    if is_decimal(dtype):
        branch = branches["bytes"]
        precision, scale = digits(dtype)
        most = branch.get("precision", precision) if isinstance(branch, Mapping) else precision
        return f"decimal({min(precision, most)}, {scale})"
    if dtype == "string":
        return dtype if "string" in branches else BINARY
    most = next((name for name in _HOLDS if name in branches), "")
    return dtype if most in ("", _primitive(dtype)) else _HOLDS[most]


def may_be_null(written: object) -> bool:
    """Whether a field of this Avro type can be null."""
    return len(branches_of(written)) < (len(written) if isinstance(written, list) else 1)


def default_of(field: Mapping[str, Any]) -> Any:
    """Return the default of a field as it is written; that of bytes is a text in the schema."""
    first = field["type"][0] if isinstance(field["type"], list) else field["type"]
    default = field["default"]
    is_bytes = isinstance(default, str) and name_of(first)[0] in ("bytes", "fixed")
    return default.encode("latin-1") if is_bytes else default


def branches_of(written: object) -> list[object]:
    """Return the types of a union besides null, or the one type that is no union."""
    branches = written if isinstance(written, list) else [written]
    return [branch for branch in branches if name_of(branch)[0] != "null"]


def name_of(branch: object) -> tuple[str, str]:
    """Return the type of a branch and its logical type, each as it is called."""
    if not isinstance(branch, Mapping):
        return str(branch), ""
    return str(branch.get("type")), str(branch.get("logicalType", ""))


def as_stored(written: Any) -> Any:
    """Return a schema whose values are read as the numbers and bytes that are there.

    It has no logical types; texts are bytes, since Flink replaces what is not UTF-8.
    """
    if written == "string":
        return "bytes"
    if isinstance(written, list):
        return [as_stored(branch) for branch in written]
    if not isinstance(written, Mapping):
        return written
    return {
        key: as_stored(value) if key in ("type", "items", "values", "fields") else value
        for key, value in written.items()
        if key != "logicalType"
    }


def readers(source: Source) -> dict[str, Reader]:
    """Return what makes the value of each column of what is stored; see `as_stored`.

    They raise a ValueError where Flink fails.
    """
    return {name: _reader(dtype, source.time_format) for name, dtype in source.schema}


def _reader(dtype: str, written: TimeFormat) -> Reader:
    if dtype.startswith("timestamp"):
        if written is TimeFormat.SQL:
            return _time
        parse = event_times.reader(written)
        return lambda value: parse(_text(value))
    if dtype == "date":
        return _date
    if is_decimal(dtype):
        return lambda value: _decimal(value, dtype)
    if dtype.startswith("float"):
        return float
    if is_whole(dtype):
        return _wrapped(int(dtype.removeprefix("int")))
    return _text if dtype == "string" else lambda value: value


def _text(value: Any) -> Any:
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def _wrapped(bits: int) -> Reader:
    """Cut a number as Java casts it, which Flink does to fit short columns."""
    half = 1 << (bits - 1)
    return lambda value: (value + half) % (half << 1) - half


def _time(milliseconds: int) -> datetime:
    # Flink's times go beyond the years 1 to 9999; as an event time, those are invalid anyway.
    return _EPOCH + timedelta(milliseconds=min(max(milliseconds, _FIRST_MS), _LAST_MS))


def _date(days: int) -> date:
    return date.fromordinal(min(max(days + _DAY_ZERO, 1), date.max.toordinal()))


def _decimal(data: bytes, dtype: str) -> Decimal | None:
    if not data:
        raise ValueError("a decimal without bytes")
    precision, scale = digits(dtype)
    number = int.from_bytes(data, "big", signed=True)
    if len(str(abs(number))) > precision:
        return None
    return Decimal(number).scaleb(-scale, _EXACT)
