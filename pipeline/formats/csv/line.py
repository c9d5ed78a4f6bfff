"""The fields of a record in CSV, as Flink's CSV format separates them.

The record is the first line; those behind it are not looked at, unless they are inside of quotation
marks. Python's own reader differs: it takes text behind a closing quotation mark, or no closing one
at all, and no space behind it in its strict mode. Verified against Flink 2.3 (`CsvDecoder`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

from pipeline.formats.jackson_text import Text, text_of
from pipeline.formats.java_values import trimmed
from pipeline.text.words import counted

_SPECIAL: Final = re.compile('["\r\n]')
_CLOSED: Final = re.compile(r'"([^"]*+(?:""[^"]*+)*+)"')
_NOT_UTF_8: Final = "it is not UTF-8"


class NotCsvError(Exception):
    """A record that is not CSV with so many columns; its text says why."""


def fields_of(value: bytes, most: int, separator: str) -> list[str]:
    """Return the fields of a record, which may be fewer than there are columns.

    Args:
        value: The record's value, which is not empty.
        most: The number of columns.
        separator: The character between fields.

    Raises:
        NotCsvError: Flink makes no row of it.
    """
    fields = all_fields(value, separator)
    if len(fields) == most + 1 and not trimmed(fields[-1]):
        fields.pop()  # Behind a separator at the end.
    if len(fields) > most:
        raise NotCsvError(f"it has {counted(len(fields), 'column')}, not {most:,}")
    return fields


def all_fields(value: bytes, separator: str) -> list[str]:
    """Return the fields of a record, however many they are; see `fields_of`."""
    text = text_of(value)
    if not text.characters and not text.broken:
        raise NotCsvError("there is no text in it")
    if text.broken or _SPECIAL.search(text.characters):
        return _separated(text, separator)
    return text.characters.split(separator)


@dataclass(frozen=True, slots=True)
class _Patterns:
    """A field and what ends it: one in quotation marks, and any other."""

    quoted: re.Pattern[str]
    plain: re.Pattern[str]

    @classmethod
    @cache
    def of(cls, separator: str) -> Self:
        between = re.escape(separator)
        end = rf"({between}|\r|\n|\Z)"
        # The separator itself may be a tab.
        blank = rf"(?:(?!{between})[\x00-\x09\x0b\x0c\x0e-\x20])*+"
        return cls(
            re.compile(_CLOSED.pattern + blank + end), re.compile(rf"([^{between}\r\n]*+){end}")
        )


def _separated(text: Text, separator: str) -> list[str]:
    patterns = _Patterns.of(separator)
    line = text.characters
    fields: list[str] = []
    at = 0
    while True:
        quoted = line.startswith('"', at)
        found = (patterns.quoted if quoted else patterns.plain).match(line, at)
        if found is None:
            raise NotCsvError(_unquoted(text, at, len(fields) + 1))
        field, end = found.groups()
        fields.append(field.replace('""', '"') if quoted else field)
        at = found.end()
        if end != separator:
            break
    if end == "\r" and line.startswith("\n", at):
        at += 1
    if text.broken and at == len(line):
        # Flink looks at the character behind the line, too.
        raise NotCsvError(_NOT_UTF_8)
    return fields


def _unquoted(text: Text, at: int, column: int) -> str:
    """Say what is wrong with a field in quotation marks."""
    if _CLOSED.match(text.characters, at):
        return f"more follows the quotation marks of column {column:,}"
    if text.broken:
        return _NOT_UTF_8
    return f"the quotation marks of column {column:,} do not end"
