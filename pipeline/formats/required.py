"""Says why a required column of a record is null."""

from __future__ import annotations

from typing import Final

from pipeline.sources import Source, TimeFormat
from pipeline.sources.column_types import element, is_decimal
from pipeline.sources.masking import masked
from pipeline.sources.paths import written_path
from pipeline.text.sanitise import sanitised

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
    TimeFormat.EPOCH_US: "whole microseconds since 1970",
    TimeFormat.EPOCH_NS: "whole nanoseconds since 1970",
}
_MOST_SHOWN: Final = 60


def why_null(source: Source, name: str, written: str | None, otherwise: str) -> Fault:
    """Say why a required column is null.

    Args:
        source: The source.
        name: The column.
        written: What the record has for it; None if that is nothing.
        otherwise: What is said then, such as `is missing`.
    """
    path = written_path(source.record_paths[name])
    said = name if path == name else f"{name} ({sanitised(path)})"
    if written is None:
        return Kind.MISSING, f"{said} {otherwise}"
    # A reason is read, logged and copied in many places.
    shown = masked(written) if name in source.sensitive else sanitised(written[:_MOST_SHOWN])
    return Kind.WRONG_TYPE, f"{said} is {shown}, not {_wanted(source, name)}"


def _wanted(source: Source, name: str) -> str:
    dtype = source.columns[name]
    if dtype.startswith("timestamp"):
        return _TIMES[source.time_format]
    if element(dtype):
        return f"an {dtype}"
    return f"a {dtype}" if is_decimal(dtype) else _IN_WORDS[dtype]
