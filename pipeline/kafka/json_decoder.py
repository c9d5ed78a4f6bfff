"""Decodes records that are written in JSON, and says why one has no valid row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import is_decimal
from pipeline.sources.masking import masked
from pipeline.sources.paths import written_path
from pipeline.text.malformed import MALFORMED
from pipeline.text.sanitise import sanitised

from .flink_json import read_fields, read_leniently, row_decoder, row_type
from .kinds import Fault, Kind
from .nested_json import NestedReader

_IN_WORDS: Final = {
    "int64": "a 64-bit whole number",
    "int32": "a whole number",
    "int16": "a 16-bit whole number",
    "int8": "an 8-bit whole number",
    "float64": "a number",
    "float32": "a number",
    "date": "YYYY-MM-DD",
    "string": "text",
}
_TIMES: Final = {
    TimeFormat.SQL: "YYYY-MM-DD HH:MM:SS",
    TimeFormat.ISO: "YYYY-MM-DDTHH:MM:SS",
    TimeFormat.EPOCH_S: "whole seconds since 1970",
    TimeFormat.EPOCH_MS: "whole milliseconds since 1970",
}


class JsonDecoder:
    """Decodes JSON as Flink's JSON format does; see `flink_json`.

    Args:
        source: The source.
        usual: What decodes values in the usual form; by default, to rows of the source's columns.
        row_of: The type of the rows.
    """

    def __init__(
        self,
        source: Source,
        usual: Callable[[bytes | None], Any] | None = None,
        row_of: Callable[..., Any] | None = None,
    ) -> None:
        self.source = source
        self._columns = source.columns
        self._nested = NestedReader(source) if source.paths else None
        read = self._nested.read if self._nested else row_decoder(self._columns, source.time_format)
        self.usual = usual or read
        self._row_of = row_of or row_type(self._columns, source.time_format)

    def closely(self, value: bytes) -> Any | Fault:
        """Return the row of any value, or why there is none, or none without nulls where required.

        Args:
            value: The record's value, which is not empty.
        """
        try:
            fields = read_fields(value)
            if fields is not None and self._nested is not None:
                fields = self._nested.picked(fields)
        except MALFORMED as error:
            return Kind.NOT_JSON, str(error)
        if fields is None:
            return Kind.NOT_OBJECT, "the value is JSON, but not an object"
        row = self._read(value, fields)
        if row is None:
            return Kind.NOT_JSON, "a string in it is not UTF-8"
        for name in self.source.required:
            if row.get(name) is None:
                written = bytes(fields.get(name, b"null")).decode(errors="replace").strip()
                if written == "null":
                    missing = "is null" if name in fields else "is missing"
                    return Kind.MISSING, f"{self._said(name)} {missing}"
                # A reason is read, logged and copied in many places.
                shown = masked(written) if name in self.source.sensitive else written[:60]
                return Kind.WRONG_TYPE, f"{self._said(name)} is {shown}, not {self._wanted(name)}"
        return self._row_of(**row)

    def _read(self, value: bytes, fields: Mapping[str, msgspec.Raw]) -> dict[str, Any] | None:
        """Return the value of each column; None if a string cannot be read."""
        if self._nested is None:
            return read_leniently(value, self._columns, self.source.time_format)
        try:
            return self._nested.values(fields)
        except MALFORMED:
            return None

    def _said(self, name: str) -> str:
        """A column, with where it is in the record if that is not a field of its name."""
        path = written_path(self.source.record_paths[name])
        return name if path == name else f"{name} ({sanitised(path)})"

    def _wanted(self, name: str) -> str:
        dtype = self._columns[name]
        if dtype.startswith("timestamp"):
            return _TIMES[self.source.time_format]
        return f"a {dtype}" if is_decimal(dtype) else _IN_WORDS[dtype]
