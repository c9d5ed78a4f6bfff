"""Decodes records that are written in JSON, and says why one has no valid row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import is_decimal
from pipeline.sources.masking import masked
from pipeline.text.malformed import MALFORMED

from .flink_json import read_fields, read_leniently, row_decoder, row_type
from .kinds import Fault, Kind

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
        self.usual = usual or row_decoder(self._columns, source.time_format)
        self._row_of = row_of or row_type(self._columns, source.time_format)

    def closely(self, value: bytes) -> Any | Fault:
        """Return the row of any value, or why there is none, or none without nulls where required.

        Args:
            value: The record's value, which is not empty.
        """
        try:
            fields = read_fields(value)
        except MALFORMED as error:
            return Kind.NOT_JSON, str(error)
        if fields is None:
            return Kind.NOT_OBJECT, "the value is JSON, but not an object"
        row = read_leniently(value, self._columns, self.source.time_format)
        if row is None:
            return Kind.NOT_JSON, "a string in it is not UTF-8"
        for name in self.source.required:
            if row.get(name) is None:
                written = bytes(fields.get(name, b"null")).decode(errors="replace").strip()
                if written == "null":
                    missing = "is null" if name in fields else "is missing"
                    return Kind.MISSING, f"{name} {missing}"
                # A reason is read, logged and copied in many places.
                shown = masked(written) if name in self.source.sensitive else written[:60]
                return Kind.WRONG_TYPE, f"{name} is {shown}, not {self._wanted(name)}"
        return self._row_of(**row)

    def _wanted(self, name: str) -> str:
        dtype = self._columns[name]
        if dtype.startswith("timestamp"):
            return _TIMES[self.source.time_format]
        return f"a {dtype}" if is_decimal(dtype) else _IN_WORDS[dtype]
