"""The fields of JSON objects: their types, how often they are null, how their times are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from pipeline.formats.event_times import reader, sql_time
from pipeline.sources import TimeFormat
from pipeline.sources.labels import is_label

MOST_INT64: Final = 2**63
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# A number outside of these years is rather an id than a time.
_FIRST, _LAST = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (2000, 2100))
MOST_DISTINCT: Final = 10_000
# The others are errors: a record with one is invalid, or lacks the field.
NEARLY_ALL: Final = 0.95
_INSIDE: Final[Mapping[str, set[type]]] = {
    "string": {str},
    "boolean": {bool},
    "int64": {int},
    "float64": {int, float},
}
"""The kinds of elements that arrays of a type hold."""
_LOOK: Final = 20


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the records.

    Attributes:
        name: Its name.
        records: Number of records that were looked at.
        values: In how many of them it is there and not null.
        distinct: How many different values it has, at most 10,000; 0 for objects and arrays.
        type: The Ibis type that holds all of its values; empty if none does.
        time_format: How its values are written if they look like times; None if they do not.
        note: What is odd about it; empty if nothing is.
        labels: Whether nearly all of its values are texts that say yes or no.
        otherwise: The type of a time where times are written in another unit; empty if none does.
    """

    name: str
    records: int
    values: int
    distinct: int
    type: str
    time_format: TimeFormat | None = None
    note: str = ""
    labels: bool = False
    otherwise: str = ""

    @property
    def null_share(self) -> float:
        """The share of records in which it is missing or null."""
        return (self.records - self.values) / self.records

    @property
    def always(self) -> bool:
        """Whether every record has it."""
        return self.values == self.records


def fields_of(rows: Sequence[Mapping[str, Any]]) -> list[Field]:
    """Return the fields of decoded records, in the order in which they first appear."""
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            column = values.setdefault(name, [])
            if value is not None:
                column.append(value)
    return [field_of(name, len(rows), column) for name, column in values.items()]


def read(value: object, time_format: TimeFormat) -> datetime | None:
    """Read a time as Flink does; None if it is not a time."""
    if time_format is TimeFormat.SQL:
        return sql_time(value) if isinstance(value, str) else None
    return reader(time_format)(value)


def field_of(name: str, records: int, values: Sequence[Any]) -> Field:
    """Return a field of decoded records.

    Args:
        name: Its name.
        records: Number of records.
        values: Its values in them, without nulls.
    """
    kinds = {type(value) for value in values}
    if kinds & {dict, list}:
        note = "an object; paths can name a field of it" if dict in kinds else _array(values)
        return Field(name, records, len(values), 0, "", note=note)
    if not values:
        return Field(name, records, 0, 0, "", note="always null")
    dtype, time_format, note = "string", None, ""
    if kinds == {bool}:
        dtype = "boolean"
    elif kinds == {int}:
        whole = all(-MOST_INT64 <= value < MOST_INT64 for value in values)
        dtype, time_format = ("int64", epoch(values)) if whole else ("float64", None)
    elif kinds <= {int, float}:
        dtype = "float64"
    elif kinds == {str}:
        time_format = written_as(values)
        dtype = "date" if time_format is None and _are_dates(values) else "string"
    elif kinds <= {int, float, str} and (numbers := _nearly_all_numbers(values)):
        wrong = len(values) - len(numbers)
        note = f"{wrong:,} of them {'is' if wrong == 1 else 'are'} text"
        number = field_of(name, records, numbers)
        return replace(number, values=len(values), distinct=distinct(values), note=note)
    else:
        texts = [value for value in values if type(value) is str]
        nearly_all = len(texts) >= len(values) * NEARLY_ALL
        time_format = written_as(texts) if nearly_all else None
        wrong = len(values) - len(texts)
        note = f"{wrong:,} of them {'is' if wrong == 1 else 'are'} no text"
        note = note if nearly_all else "text, numbers or booleans"
    labels = dtype == "string" and _are_labels(values)
    return Field(name, records, len(values), distinct(values), dtype, time_format, note, labels)


def _array(values: Iterable[Any]) -> str:
    """Say how arrays can be read."""
    arrays = (value for value in values if isinstance(value, list))
    kinds = {type(each) for array in arrays for each in array if each is not None}
    inside = next((dtype for dtype, fit in _INSIDE.items() if kinds and kinds <= fit), "")
    if not inside:
        return "an array; paths can name an element of it"
    return f"an array; a column of type array<{inside}> has it, and paths can name an element of it"


def distinct(values: Iterable[Any]) -> int:
    """Return how many different values there are, at most 10,000."""
    found = set()
    for value in values:
        found.add(value)
        if len(found) == MOST_DISTINCT:
            break
    return len(found)


def _nearly_all_numbers(values: Sequence[Any]) -> list[int | float]:
    """Return the numbers among texts; nothing if there are too many texts."""
    numbers = [value for value in values if type(value) is not str]
    return numbers if len(numbers) >= len(values) * NEARLY_ALL else []


def _are_labels(values: Sequence[Any]) -> bool:
    if not any(is_label(str(value)) for value in values[:_LOOK]):
        return False
    return sum(is_label(str(value)) for value in values) >= len(values) * NEARLY_ALL


def written_as(values: Sequence[str]) -> TimeFormat | None:
    """Return how nearly all of the values are written, if they are times."""
    for time_format in (TimeFormat.ISO, TimeFormat.SQL):
        if all(read(value, time_format) is None for value in values[:_LOOK]):
            continue
        left = int(len(values) * (1 - NEARLY_ALL))
        for value in values:
            if read(value, time_format) is None:
                left -= 1
                if left < 0:
                    break
        else:
            return time_format
    return None


def epoch(values: Sequence[int]) -> TimeFormat | None:
    """Return since when numbers count if all of them look like times."""
    lowest, highest = min(values), max(values)
    for unit in TimeFormat:
        if not unit.is_number:
            continue
        if lowest >= _FIRST * unit.per_second and highest < _LAST * unit.per_second:
            return unit
    return None


def _are_dates(values: Sequence[str]) -> bool:
    try:
        return all(_DATE.fullmatch(value) and date.fromisoformat(value) for value in values)
    except ValueError:
        return False
