"""Decodes the records of any feature's topic to the columns that the feature declares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

import msgspec

from pipeline.formats.jackson_text import json_of
from pipeline.model.sinks import SinkColumn
from pipeline.sources.column_types import is_decimal
from pipeline.text.malformed import MALFORMED

from .record_view import RecordView
from .sink_topics import Values

_KINDS: Final[Mapping[str, type]] = {
    "int8": int,
    "int16": int,
    "int32": int,
    "int64": int,
    "float32": float,
    "float64": float,
    "boolean": bool,
    "timestamp": datetime,
    "timestamp(3)": datetime,
}
_DECODER: Final = msgspec.json.Decoder()
_EXACT: Final = msgspec.json.Decoder(float_hook=Decimal)


@dataclass(frozen=True, slots=True)
class FeatureRow:
    """One result of a feature.

    Attributes:
        record: The record in Kafka.
        values: One value per column; None where the record has none of the column's type.
    """

    record: RecordView
    values: Values


def kind(column: SinkColumn) -> type:
    """Return the Python type of a column's values; `str` by default."""
    return Decimal if is_decimal(column.type) else _KINDS.get(column.type, str)


def row(record: RecordView, columns: Sequence[SinkColumn]) -> FeatureRow:
    """Decode a record; one that is not a JSON object has no values."""
    found = values(record.data, columns)
    return FeatureRow(record, found if found is not None else (None,) * len(columns))


def values(data: bytes | None, columns: Sequence[SinkColumn]) -> Values | None:
    """Decode a record's value; None if it is not a JSON object."""
    found: object = None
    decode = _decoder(columns).decode
    try:
        found = decode(data or b"null")
    except MALFORMED:
        # As in a text that a program has cut between the halves of a character.
        with suppress(*MALFORMED):
            found = decode(json_of(data or b"null"))
    if not isinstance(found, dict):
        return None
    return tuple(_as(kind(column), found.get(column.name)) for column in columns)


def row_values(row: object, columns: Sequence[SinkColumn]) -> Values:
    """Return what a decoded record of a source has in its columns, which are its attributes."""
    return tuple(_of(kind(column), getattr(row, column.name)) for column in columns)


def _decoder(columns: Sequence[SinkColumn]) -> msgspec.json.Decoder[Any]:
    exact = any(is_decimal(column.type) for column in columns)
    return _EXACT if exact else _DECODER


def _of(kind: type, value: object) -> Any:
    # A date is shown as it is written.
    return str(value) if kind is str and value is not None else value


def _as(kind: type, value: object) -> Any:
    if kind is datetime and isinstance(value, str):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=None)
        except ValueError:
            return None
    if (
        kind in (float, Decimal)
        and isinstance(value, int | Decimal)
        and not isinstance(value, bool)
    ):
        return kind(value)
    return value if type(value) is kind else None
