"""Exports rows to a file: CSV for spreadsheets, JSON lines for programs, Parquet with types."""

from __future__ import annotations

import csv
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Union, get_args, get_origin

import msgspec

from pipeline.errors import PipelineError
from pipeline.text.sanitise import json_line, sanitised

from .new_file import create

if TYPE_CHECKING:
    import pyarrow as pa

Value = int | float | Decimal | str | bool | datetime | None
Kind = type[int] | type[float] | type[Decimal] | type[str] | type[bool] | type[datetime]

# Characters that start a formula in spreadsheets; some also accept the full-width forms.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_ROWS_AT_ONCE: Final = 10_000
_MOST_DIGITS: Final = 38


class Format(StrEnum):
    """A file format; the value is the suffix."""

    CSV = "csv"
    JSON = "jsonl"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class FileColumn:
    """A column of a file.

    Attributes:
        name: Its name.
        kind: The type of its values, which may also be None.
        places: The digits of a `Decimal` behind the point.
    """

    name: str
    kind: Kind
    places: int = 0


@dataclass(frozen=True, slots=True)
class ExportResult:
    """A written file: its path, number of rows and size in bytes."""

    path: Path
    rows: int
    bytes: int


def fields_of(record: type[msgspec.Struct]) -> tuple[FileColumn, ...]:
    """Return the fields that a record class declares, in their order."""
    return tuple(
        FileColumn(field.encode_name, _kind(field.type)) for field in msgspec.structs.fields(record)
    )


def export(
    path: Path, format: Format, fields: Sequence[FileColumn], rows: Iterable[Sequence[Value]]
) -> ExportResult:
    """Write rows to a new file; blocks until it is written.

    Args:
        path: The path; its folder must exist. If the file exists, the new one gets a name with
            `-2` and so on.
        format: The file format.
        fields: The columns.
        rows: The values, in the order of `fields`. Times with a zone are converted to UTC; all are
            written without a zone.

    Raises:
        PipelineError: The file cannot be written, or a value is not of its field's kind.
    """
    counted = _Counted(rows)
    write = partial(_WRITERS[format], fields=fields, rows=counted)
    try:
        written = create(path, write)
    except (ValueError, TypeError, OverflowError) as error:
        reason = sanitised(str(error)).rstrip(".")
        raise PipelineError(
            f"The rows cannot be written as {format.value}: {reason}.", "Choose another format."
        ) from error
    return ExportResult(written, counted.count, written.stat().st_size)


class _Counted:
    """Counts rows as they pass, and removes the zones of times."""

    def __init__(self, rows: Iterable[Sequence[Value]]) -> None:
        self._rows = rows
        self.count = 0

    def __iter__(self) -> Iterator[list[Value]]:
        for row in self._rows:
            self.count += 1
            yield [_without_zone(value) if isinstance(value, datetime) else value for value in row]


def _write_csv(path: Path, fields: Sequence[FileColumn], rows: Iterable[list[Value]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([_csv_text(field.name) for field in fields])
        writer.writerows([_csv_cell(value) for value in row] for row in rows)


def _csv_cell(value: Value) -> object:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _csv_text(value)
        case datetime():
            return value.isoformat()
    return value


def _csv_text(text: str) -> str:
    harmless = sanitised(text)
    # Spreadsheets ignore leading blanks. A leading apostrophe turns anything into text.
    return f"'{harmless}" if text.lstrip(" ").startswith(_FORMULA) else harmless


def _write_json(path: Path, fields: Sequence[FileColumn], rows: Iterable[list[Value]]) -> None:
    names = [field.name for field in fields]
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for row in rows:
            values = [_encodable(value) for value in row]
            file.write(json_line(dict(zip(names, values, strict=True))) + "\n")


def _write_parquet(path: Path, fields: Sequence[FileColumn], rows: Iterable[list[Value]]) -> None:
    # The import takes a third of a second, so it only happens for Parquet.
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(field.name, _arrow_type(field)) for field in fields])
    remaining = iter(rows)
    with pq.ParquetWriter(path, schema) as writer:
        while some := list(islice(remaining, _ROWS_AT_ONCE)):
            arrays = [
                pa.array([_fitting(row[place], field) for row in some], type=schema.types[place])
                for place, field in enumerate(fields)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


def _fitting(value: Value, field: FileColumn) -> Value:
    """Check the type of a value, since Arrow would silently truncate a float to an integer."""
    kind = type(value)
    if value is None or kind is field.kind or (kind is int and field.kind is float):
        return _encodable(value)
    raise TypeError(f"{value!r} in {field.name} is not of type {field.kind.__name__}")


def _arrow_type(field: FileColumn) -> pa.DataType:
    import pyarrow as pa

    return {
        int: pa.int64(),
        float: pa.float64(),
        Decimal: pa.decimal128(_MOST_DIGITS, field.places),
        str: pa.string(),
        bool: pa.bool_(),
        datetime: pa.timestamp("us"),
    }[field.kind]


_WRITERS: Final[dict[Format, Callable[..., None]]] = {
    Format.CSV: _write_csv,
    Format.JSON: _write_json,
    Format.PARQUET: _write_parquet,
}


def _encodable(value: Value) -> Value:
    """Replace lone surrogates, which UTF-8 cannot encode."""
    if isinstance(value, str) and not value.isascii():
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _without_zone(time: datetime) -> datetime:
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)


def _kind(annotation: Any) -> Kind:
    if get_origin(annotation) in (types.UnionType, Union):
        (annotation,) = (part for part in get_args(annotation) if part is not types.NoneType)
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if annotation not in (int, float, str, bool, datetime):
        raise TypeError(f"{annotation!r} is not a type that an export supports")
    return annotation  # type: ignore[no-any-return]  # one of those types
