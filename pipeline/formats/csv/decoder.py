"""Decodes records that are written in CSV, and says why one has no valid row."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import isfinite
from typing import Any

from pipeline.formats import event_times, java_values
from pipeline.formats.json.flink_json import readers_of_times, row_type
from pipeline.formats.kinds import Fault, Kind
from pipeline.formats.required import why_null
from pipeline.sources import Source
from pipeline.sources.column_types import is_decimal, is_whole

from .line import NotCsvError, fields_of

_Read = Callable[[str], Any]


class CsvDecoder:
    """Decodes CSV as Flink's CSV format does with `csv.ignore-parse-errors`.

    Fields are columns by their order. What does not fit its column is null, as is what the line is
    too short for, and an empty field, which `csv.null-literal` makes null.

    Args:
        source: The source.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._names = tuple(source.columns)
        self._row_of = row_type(source.columns, source.time_format)
        self._readers = tuple(readers(source).items())
        self._written = tuple(
            (name, _reader(dtype)) for name, dtype in source.written.items() if not _is_text(dtype)
        )

    def usual(self, value: bytes | None) -> Any:
        """Return the row of a value; None if there is none."""
        if not value:
            return None
        try:
            return self._row_of(**self._row(self._fields(value)))
        except NotCsvError:
            return None

    def closely(self, value: bytes) -> Any | Fault:
        """Return the row of a value, or why there is none, or none without nulls where required.

        Args:
            value: The record's value, which is not empty.
        """
        try:
            fields = self._fields(value)
        except NotCsvError as error:
            return Kind.NOT_CSV, str(error)
        row = self._row(fields)
        written = dict(zip(self._names, fields, strict=False))
        for name in self.source.required:
            if row.get(name) is None:
                otherwise = "is empty" if name in written else "is missing"
                return why_null(self.source, name, written.get(name) or None, otherwise)
        return self._row_of(**row)

    def shown(self, value: bytes) -> dict[str, Any] | None:
        """Return the fields of a value by column, for people to read; None if it is not CSV.

        Numbers and truth values are as Flink reads them. All others, and what is no number, are as
        they are written.

        Args:
            value: The record's value, which is not empty.
        """
        try:
            fields = self._fields(value)
        except NotCsvError:
            return None
        found: dict[str, Any] = {
            name: field or None for name, field in zip(self._names, fields, strict=False)
        }
        for name, read in self._written:
            if (field := found.get(name)) is None:
                continue
            number = read(field)
            if number is not None and isfinite(number):
                found[name] = number
        return found

    def _fields(self, value: bytes) -> list[str]:
        return fields_of(value, len(self._names), self.source.separator)

    def _row(self, fields: list[str]) -> dict[str, Any]:
        """Return the values of the columns that are there."""
        return {
            name: read(field) if field else None
            for (name, read), field in zip(self._readers, fields, strict=False)
        }


def readers(source: Source) -> dict[str, Callable[[str], Any]]:
    """Return what reads the fields of a record, by column; None for what does not fit."""
    times = readers_of_times(source.columns, source.time_format)
    found: dict[str, _Read] = {}
    for name, dtype in source.written.items():
        read = _reader(dtype)
        found[name] = partial(_time, read, times[name]) if name in times else read
    return found


def _time(read: _Read, time: Callable[[object], Any], field: str) -> Any:
    """Read a time that is written as another type."""
    return None if (found := read(field)) is None else time(found)


def _is_text(dtype: str) -> bool:
    return dtype in ("string", "date") or dtype.startswith("timestamp")


def _reader(dtype: str) -> _Read:
    """Return what reads a field of this Ibis type."""
    if dtype == "string":
        return str
    if is_whole(dtype):
        return partial(java_values.whole, bits=int(dtype.removeprefix("int")))
    if is_decimal(dtype):
        return partial(java_values.exact, dtype=dtype)
    if dtype.startswith("timestamp"):
        return lambda field: event_times.sql_time(java_values.trimmed(field))
    if dtype == "date":
        return java_values.sql_date
    return java_values.is_true if dtype == "boolean" else java_values.number
