"""Decodes records that are written in JSON, and says why one has no valid row."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pipeline.formats.kinds import Fault, Kind
from pipeline.formats.required import why_null
from pipeline.sources import Source
from pipeline.text.malformed import MALFORMED

from .flink_json import read_fields, read_leniently, row_decoder, row_type
from .nested import NestedReader


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
        self._nested = NestedReader(source) if source.reads_trees else None
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
                raw = bytes(fields.get(name, b"null")).decode(errors="replace").strip()
                otherwise = "is null" if name in fields else "is missing"
                return why_null(self.source, name, None if raw == "null" else raw, otherwise)
        return self._row_of(**row)

    def _read(self, value: bytes, fields: Mapping[str, msgspec.Raw]) -> dict[str, Any] | None:
        """Return the value of each column; None if a string cannot be read."""
        if self._nested is None:
            return read_leniently(value, self._columns, self.source.time_format)
        try:
            return self._nested.values(fields)
        except MALFORMED:
            return None
