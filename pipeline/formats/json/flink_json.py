"""Decodes values as Flink's JSON format does with `json.ignore-parse-errors`.

A value is decoded strictly first: that is fast, and agrees with Flink on records written in the
usual form. What is refused is read field by field, as Flink does it: a field that does not fit its
column becomes null, a number in quotes is a number, and an object in a string column is its JSON
text. Verified against Flink 2.3 (`JsonParserToRowDataConverters`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Final, TypeVar

import msgspec

from pipeline.formats import event_times, java_values
from pipeline.formats.jackson_text import json_of
from pipeline.sources import TimeFormat
from pipeline.sources.column_types import element, is_decimal
from pipeline.text.malformed import MALFORMED
from pipeline.text.ready_type import ready

from .limits import check_limits

T = TypeVar("T")

# msgspec accepts ISO times with a `T`, which Flink's `SQL` timestamp format does not.
_ISO_TIME: Final = re.compile(rb"-[0-9]{2}[Tt_][0-9]{2}:")
_SHORT_BITS: Final = 16
_FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_DATE: Final = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LocalTime = Annotated[datetime, msgspec.Meta(tz=False)]
_PYTHON_TYPES: Final = {"float32": float, "float64": float, "boolean": bool, "date": date}


def row_reader(
    columns: Mapping[str, str], written: TimeFormat = TimeFormat.SQL
) -> Callable[[bytes | None], Any]:
    """Return a function that decodes a value to an object with these attributes, or to None.

    Attributes are None where Flink reads null; the object is None where Flink reads no row.

    Args:
        columns: Ibis type names by column.
        written: How times are written.
    """
    decode = row_decoder(columns, written)
    row_of = row_type(columns, written)

    def read(value: bytes | None) -> Any:
        if value is None:
            return None
        row = decode(value)
        if row is not None:
            return row
        fields = read_leniently(value, columns, written)
        return None if fields is None else row_of(**fields)

    return read


def row_decoder(
    columns: Mapping[str, str], written: TimeFormat = TimeFormat.SQL
) -> Callable[[bytes | None], Any]:
    """Return a function that decodes a value as `row_reader` does if it is in the usual form.

    The object is None for any other form, and where a value needs a closer look.

    Args:
        columns: Ibis type names by column.
        written: How times are written.
    """
    in_json = _in_json(columns, written)
    decode = strict_decoder(
        row_type(columns, written),
        reads_times=any(dtype.startswith("timestamp") for dtype in in_json.values()),
    )
    exact = {name: dtype for name, dtype in columns.items() if is_decimal(dtype)}
    readers = readers_of_times(columns, written)
    if not exact and not readers:
        return decode

    def convert(value: bytes | None) -> Any:
        row = decode(value)
        if row is None:
            return None
        for name, dtype in exact.items():
            raw = getattr(row, name)
            if raw is not None:
                if bytes(raw)[:1] in (b"{", b"["):
                    return None  # An object changes what follows; see `_fill`.
                setattr(row, name, field_value(raw, dtype))
        for name, read in readers.items():
            if (found := getattr(row, name)) is not None:
                setattr(row, name, read(found))
        return row

    return convert


def _in_json(columns: Mapping[str, str], written: TimeFormat) -> dict[str, str]:
    return {name: written.written_type(dtype) for name, dtype in columns.items()}


def readers_of_times(
    columns: Mapping[str, str], written: TimeFormat
) -> dict[str, Callable[[object], datetime | None]]:
    """Return what reads the times that Flink's JSON format does not read as such, by column."""
    return {
        name: event_times.reader(written)
        for name, dtype in columns.items()
        if written.written_type(dtype) != dtype
    }


def row_type(columns: Mapping[str, str], written: TimeFormat) -> type[msgspec.Struct]:
    """Return the type of the objects of `row_reader`, whose attributes may be absent."""
    return _row_type(tuple(_in_json(columns, written).items()))


def strict_decoder(
    kind: type[T], *, reads_times: bool = True
) -> Callable[[bytes | None], T | None]:
    """Return a function that decodes a value if it is written in the usual form, else None.

    Args:
        kind: The record to decode to.
        reads_times: Whether it has times, which are in Flink's `SQL` format.
    """
    decoder = msgspec.json.Decoder(ready(kind))

    def decode(value: bytes | None) -> T | None:
        if not value or (reads_times and _ISO_TIME.search(value)):
            return None
        try:
            check_limits(value)
            return decoder.decode(value)
        except MALFORMED:
            return None

    return decode


@cache
def _row_type(columns: tuple[tuple[str, str], ...]) -> type[msgspec.Struct]:
    """Return a record type with these columns, each of which may be absent."""
    fields = [
        (name, msgspec.Raw if is_decimal(dtype) else _python_type(dtype) | None, None)
        for name, dtype in columns
    ]
    return msgspec.defstruct("Row", fields, gc=False)


def _python_type(dtype: str) -> Any:
    if element(dtype):
        return list
    if dtype.startswith("timestamp"):
        return _LocalTime
    if bits := _integer_bits(dtype):
        bound = 2 ** (bits - 1)
        return Annotated[int, msgspec.Meta(ge=-bound, le=bound - 1)]
    return _PYTHON_TYPES.get(dtype, str)


def _integer_bits(dtype: str) -> int:
    """Return the width of an integer type; 0 for any other type."""
    digits = dtype.removeprefix("int")
    return int(digits) if digits.isdigit() else 0


def read_leniently(
    value: bytes, columns: Mapping[str, str], written: TimeFormat = TimeFormat.SQL
) -> dict[str, Any] | None:
    """Read one value field by field; None if it is not a JSON object.

    Args:
        value: The record's value.
        columns: Ibis type names by column.
        written: How times are written.

    Returns:
        A value by column; None where the field is absent, null, or does not fit.
    """
    try:
        fields = read_fields(value)
        if fields is None:
            return None
        in_json = _in_json(columns, written)
        row: dict[str, Any] = dict.fromkeys(in_json)
        _fill(row, fields, in_json)
    except MALFORMED:
        return None
    for name, read in readers_of_times(columns, written).items():
        if row[name] is not None:
            row[name] = read(row[name])
    return row


def read_fields(value: bytes) -> dict[str, msgspec.Raw] | None:
    """Return the fields of a value as raw JSON; None if it is JSON but not an object.

    Raises:
        msgspec.DecodeError, RecursionError: It is not JSON, or exceeds a limit of Flink.
    """
    check_limits(value)
    try:
        return _FIELDS.decode(json_of(value))
    except msgspec.ValidationError:
        return None


def _fill(row: dict[str, Any], fields: Mapping[str, msgspec.Raw], types: Mapping[str, str]) -> None:
    """Set the columns of a row from the fields of an object.

    An object where Flink expects none is read as if its fields were those of the row, and its end
    as that of the row; what follows it stays null.
    """
    for name, raw in fields.items():
        dtype = types.get(name)
        if dtype is None:
            continue
        row[name] = field_value(raw, dtype)
        if dtype != "string" and (inner := _first_object(raw)) is not None:
            _fill(row, inner, types)
            return


def _first_object(raw: msgspec.Raw) -> Mapping[str, msgspec.Raw] | None:
    """The fields of a value that is an object, or of the first object in an array."""
    inside = opened(raw)
    if isinstance(inside, list):
        return next(
            (fields for each in inside if (fields := _first_object(each)) is not None), None
        )
    return inside


def opened(raw: msgspec.Raw) -> Mapping[str, msgspec.Raw] | list[msgspec.Raw] | None:
    """Return the fields of an object, or the elements of an array; None for any other value."""
    match bytes(raw).lstrip()[:1]:
        case b"{":
            return _FIELDS.decode(raw)
        case b"[":
            return _ELEMENTS.decode(raw)
    return None


def field_value(raw: msgspec.Raw, dtype: str) -> Any:
    """Return the value of one field; None where it is null, or does not fit.

    Args:
        raw: What is written.
        dtype: Name of the Ibis type that it has in the record.
    """
    source = bytes(raw).decode().strip()
    if source == "null":
        return None
    quoted = source.startswith('"')
    text = msgspec.json.decode(source) if quoted else source
    if bits := _integer_bits(dtype):
        return _integer(text, bits, quoted=quoted)
    if is_decimal(dtype):
        return java_values.exact(java_values.trimmed(text), dtype)
    if dtype.startswith("float"):
        return java_values.number(text)
    if dtype.startswith("timestamp"):
        return event_times.sql_time(text) if quoted else None
    if dtype == "date":
        return _date(text) if quoted else None
    if dtype == "boolean":
        return java_values.is_true(text)
    if source.startswith(("{", "[")):
        return msgspec.json.encode(msgspec.json.decode(source)).decode()
    return text


def _integer(text: str, bits: int, *, quoted: bool) -> int | None:
    if quoted or bits <= _SHORT_BITS or text.lstrip("-").isdigit():
        return java_values.whole(text, bits)
    # A fraction is cut off; in quotes and in short columns, Flink rejects it.
    value = java_values.number(text)
    if value is None or not abs(value) < 2**63:
        return None
    return java_values.whole(str(int(value)), bits)


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None
