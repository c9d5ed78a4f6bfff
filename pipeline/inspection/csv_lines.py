"""Records that are lines of CSV: their separator, their names, and what their texts look like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.errors import InputError
from pipeline.formats.csv.decoder import CsvDecoder
from pipeline.formats.csv.line import NotCsvError, all_fields, fields_of
from pipeline.formats.decoder import Decoder
from pipeline.formats.java_values import is_true
from pipeline.kafka.records import Record
from pipeline.sources import Source
from pipeline.sources.formats import CSV, SEPARATORS
from pipeline.text.words import counted

from .fields import MOST_INT64, NEARLY_ALL, Field, field_of, written_as
from .flattened import Columns
from .written import Decoded, none_of

_LOOK: Final = 1_000
_LEAST: Final = 2
"""Fields of a line; one alone is any text."""
_TRUTH: Final = ("true", "false")
_WHOLE: Final = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?", re.ASCII)
_CODE: Final = re.compile(r"0[0-9]+", re.ASCII)
"""A number with zeros in front is rather a code: 02150."""
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@dataclass(frozen=True, slots=True)
class Layout:
    """How lines are written.

    Attributes:
        separator: The character between fields.
        count: The number of fields of most lines.
    """

    separator: str
    count: int


def layout_of(records: Sequence[Record], *, told: bool = False) -> Layout | None:
    """Return how lines of CSV are written; None if the records are none.

    Args:
        records: The records.
        told: Whether they are told to be CSV, so that they need not look like that.
    """
    values = [record.value for record in records[-_LOOK:] if record.value]
    least = 1 if told else _LEAST
    texts = [value for value in values if told or _looks_like_text(value)]
    if not values or len(texts) < len(values) * NEARLY_ALL:
        return None
    best: tuple[int, int, Layout] | None = None
    for separator in SEPARATORS:
        counts = Counter(_count(value, separator) for value in texts)
        (count, lines), *_ = counts.most_common(1)
        if count < least or lines < len(texts) * NEARLY_ALL:
            continue
        if best is None or (lines, count) > best[:2]:
            best = lines, count, Layout(separator, count)
    return None if best is None else best[2]


class CsvLines:
    """Lines of CSV.

    Their fields have the names that are told, or those of a header that was sent as a record;
    otherwise they are numbered.

    Args:
        name: Name of the topic.
        records: The records.
        layout: How they are written.
        told: Names of the fields; empty if nothing is told.

    Raises:
        InputError: So many names are not those of the fields.
    """

    format = CSV
    never_required: Collection[str] = ()
    never_time: Collection[str] = ()

    def __init__(
        self, name: str, records: Sequence[Record], layout: Layout, told: Sequence[str]
    ) -> None:
        self._name = name
        self._separator = layout.separator
        self._count = layout.count
        if told and len(told) != layout.count:
            raise InputError(
                f"--columns has {counted(len(told), 'name')}, but most records of {name} have "
                f"{counted(layout.count, 'field')}.",
                "Name each field of a record, in their order.",
            )
        header = None if told else self._header(records)
        self._header_value = None if header is None else header.value
        names = told or (header and self._fields(header)) or ()
        self.named = bool(names)
        written = names or [f"c{number}" for number in range(1, layout.count + 1)]
        self._names = list(Columns.at([(each.strip(),) for each in written]).names.values())
        if len(self._names) != layout.count:
            raise InputError(f"--columns of {name} names a field twice.", "Give each another name.")
        self.said = _said(header, named=self.named)
        usual = layout.separator == SEPARATORS[0]
        self.arguments: Mapping[str, str] = {} if usual else {"separator": layout.separator}

    def decoded(self, records: Sequence[Record]) -> tuple[Decoded, Columns]:
        found = []
        for record in records:
            if (fields := self._fields(record)) and record.value != self._header_value:
                row = {
                    name: field or None for name, field in zip(self._names, fields, strict=False)
                }
                found.append((record, row))
        return found, Columns.at([(name,) for name in self._names])

    def fields(self, decoded: Decoded, columns: Columns) -> list[Field]:
        return [self._field(name, [row.get(name) for _, row in decoded]) for name in self._names]

    def declared(self) -> Mapping[str, Any]:
        return self.arguments

    def require(self, found: Source) -> None:
        pass

    def decoder(self, found: Source) -> Decoder:
        return CsvDecoder(found)

    def undecoded(self, records: Sequence[Record]) -> InputError:
        subject, verb = none_of(self._name, "record", len(records))
        return InputError(
            f"{subject} {verb} a line of CSV with {counted(self._count, 'field')} besides the "
            "header.",
            "Send some, and inspect it again.",
        )

    def _field(self, name: str, texts: Sequence[str | None]) -> Field:
        values = _typed([text for text in texts if text is not None])
        found = field_of(name, len(texts), values)
        if found.type:
            return found
        # The order of the columns is that of the fields, so that none can be left out.
        return Field(name, len(texts), 0, 0, "string", note=found.note)

    def _fields(self, record: Record) -> list[str]:
        """Return the fields of a record; none if it is not a line of so many."""
        try:
            return fields_of(record.value, self._count, self._separator) if record.value else []
        except NotCsvError:
            return []

    def _header(self, records: Sequence[Record]) -> Record | None:
        """Return the first record of a partition if it names the fields of the others."""
        first: dict[int, Record] = {}
        for record in records:
            first.setdefault(record.partition, record)
        for record in first.values():
            names = self._fields(record)
            if len(names) == self._count and _are_names(names):
                others = (each for each in records if each.value != record.value)
                if any(_is_data(field) for each in others for field in self._fields(each)):
                    return record
        return None


def _looks_like_text(value: bytes) -> bool:
    """Whether a value is rather text than binary, and no JSON."""
    return value[:1] not in b"{[" and not _CONTROL.search(value)


def _count(value: bytes, separator: str) -> int:
    """The number of fields of a line; 0 if it is none."""
    try:
        return len(all_fields(value, separator))
    except NotCsvError:
        return 0


def _said(header: Record | None, *, named: bool) -> Sequence[str]:
    if header is not None:
        return (
            f"The names are those of the header in partition {header.partition} at offset "
            f"{header.offset:,}, which is invalid as a record.",
        )
    if named:
        return ()
    return (
        "Its records do not name their fields: rename c1 and the others, or name them with "
        "--columns.",
        "Which of them are sensitive is yours to say.",
    )


def _are_names(fields: Sequence[str]) -> bool:
    """Whether the fields of a line are rather names than values."""
    return len({field.lower() for field in fields}) == len(fields) and not any(
        not field.strip() or _is_data(field) for field in fields
    )


def _is_data(field: str) -> bool:
    """Whether a field is a number, a truth value or a time, which no header has."""
    return bool(_NUMBER.fullmatch(field)) or field.lower() in _TRUTH or bool(written_as([field]))


def _typed(texts: Sequence[str]) -> Sequence[Any]:
    """Return texts as what they look like: truth values, numbers, or texts."""
    if texts and all(text.lower() in _TRUTH for text in texts):
        return [is_true(text) for text in texts]
    numbers = [_number(text) for text in texts]
    found = sum(number is not None for number in numbers)
    if not found or found < len(texts) * NEARLY_ALL:
        return texts
    return [text if number is None else number for text, number in zip(texts, numbers, strict=True)]


def _number(text: str) -> int | float | None:
    if _CODE.fullmatch(text):
        return None
    if _WHOLE.fullmatch(text):
        return whole if -MOST_INT64 <= (whole := int(text)) < MOST_INT64 else None
    return float(text) if _NUMBER.fullmatch(text) else None
