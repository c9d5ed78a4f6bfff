"""Reads fields inside objects and arrays, as Flink's JSON format does.

Flink reads such records as a tree, without its faster parser. There a value that does not fit is
null, and has no effect on others. Verified against Flink 2.3 (`JsonToRowDataConverters`).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, Final

import msgspec

from pipeline.sources import Source
from pipeline.sources.column_types import element, is_decimal, is_whole
from pipeline.sources.paths import Path
from pipeline.text.malformed import MALFORMED

from .flink_json import field_value, opened, read_fields, readers_of_times, row_type

# Java writes numbers from a thousandth to ten millions without an exponent.
_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e7
_SHORT: Final = ("int8", "int16")
_MOST_WHOLE: Final = 2**63
_ALL_DIGITS: Final = Context(prec=1_000)


class NestedReader:
    """Reads the columns of a source from where they are in its records.

    Args:
        source: The source.
    """

    def __init__(self, source: Source) -> None:
        self._paths = source.record_paths
        self._written = source.written
        # With one column of decimals, Flink reads all numbers with a fraction as decimals.
        self._exact = source.has_decimals
        self._times = readers_of_times(source.columns, source.time_format)
        self._row_of = row_type(source.columns, source.time_format)

    def read(self, value: bytes | None) -> Any:
        """Return the row of a value; None if it is not a JSON object."""
        try:
            fields = read_fields(value) if value else None
            return None if fields is None else self._row_of(**self.values(self.picked(fields)))
        except MALFORMED:
            return None

    def picked(self, fields: Mapping[str, msgspec.Raw]) -> dict[str, msgspec.Raw]:
        """Return what is written for each column that is there.

        Args:
            fields: The fields of a record.

        Raises:
            msgspec.DecodeError, RecursionError: A part of it cannot be read.
        """
        parts: dict[Path, Any] = {}
        found: dict[str, msgspec.Raw] = {}
        for name, path in self._paths.items():
            raw = _at(fields, path, parts)
            if raw is not None:
                found[name] = raw
        return found

    def values(self, picked: Mapping[str, msgspec.Raw]) -> dict[str, Any]:
        """Return the value of each column; None where it is not there, null, or does not fit.

        Args:
            picked: What is written for each column.
        """
        row: dict[str, Any] = dict.fromkeys(self._written)
        for name, raw in picked.items():
            value = self._value(raw, self._written[name])
            read = self._times.get(name)
            row[name] = value if read is None or value is None else read(value)
        return row

    def _value(self, raw: msgspec.Raw, dtype: str) -> Any:
        if inside := element(dtype):
            values = opened(raw)
            if not isinstance(values, list):
                return None
            return [self._value(each, inside) for each in values]
        text = bytes(raw).decode().strip()
        quoted = text.startswith('"')
        if dtype == "string" and text[:1] in "-0123456789":
            return _as_text(text, exact=self._exact)
        if is_decimal(dtype) and quoted and (inside := msgspec.json.decode(text)) != inside.strip():
            return None
        if is_whole(dtype) and self._exact and text[:1] in "-0123456789":
            # Short columns take what a decimal is as text, such as 1 for 1.0, but 1E+1 for 10.0.
            number = _as_text(text, exact=True) if dtype in _SHORT else _whole(text)
            raw = msgspec.Raw(number.encode())
        return field_value(raw, dtype)


def _at(
    fields: Mapping[str, msgspec.Raw], path: Path, parts: dict[Path, Any]
) -> msgspec.Raw | None:
    """Return what is written at a path; None if nothing is.

    Args:
        fields: The fields of a record.
        path: The path.
        parts: The objects and arrays that were decoded already, by their paths.
    """
    inside: Any = fields
    raw: msgspec.Raw | None = None
    for depth, step in enumerate(path):
        if raw is not None:
            at = path[:depth]
            if at not in parts:
                parts[at] = opened(raw)
            inside = parts[at]
        if isinstance(step, str):
            raw = inside.get(step) if isinstance(inside, Mapping) else None
        else:
            there = isinstance(inside, list) and step < len(inside)
            raw = inside[step] if there else None
        if raw is None:
            return None
    return raw


def _as_text(number: str, *, exact: bool) -> str:
    """Return a number as Java writes it."""
    if not any(character in number for character in ".eE"):
        return str(int(number))
    if exact:
        return str(Decimal(number).normalize(_ALL_DIGITS)) if Decimal(number) else "0"
    value = float(number)
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        plain = f"{Decimal(repr(value)):f}"
        return plain if "." in plain else f"{plain}.0"
    mantissa, exponent = f"{Decimal(repr(value)).normalize():E}".split("E")
    if "." not in mantissa:  # Java always writes two digits, and so the nearest that has two.
        mantissa, exponent = f"{value:.1E}".split("E")
    return f"{mantissa}E{int(exponent)}"


def _whole(number: str) -> str:
    """Return a number without its fraction, which is cut off."""
    within = "." in number and abs(float(number)) < _MOST_WHOLE
    return str(int(Decimal(number))) if within else number
