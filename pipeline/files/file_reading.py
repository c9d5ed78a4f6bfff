"""Reads a file into the table of all rows, converted and validated."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import duckdb

from pipeline.contract import KEY_COLUMN
from pipeline.text.sql import identifier, literal

from . import conventions, rows_table
from .contents import Content
from .conventions import Conventions
from .mapping import Fields
from .sources import FileSource
from .work import Work, explained


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that has been read.

    Attributes:
        name: Name for the user.
        fields: How its rows became transactions.
        rows: Number of its rows, including those that are left out.
        unit: The unit in which its rows are numbered.
        notes: Sentences about how it was read, and what it has lost.
    """

    name: str
    fields: Fields
    rows: int
    unit: str
    notes: tuple[str, ...]


def read(number: int, source: FileSource, content: Content, fields: Fields, work: Work) -> ReadFile:
    """Read a file into the table `rows`.

    Args:
        number: Number of the file in this replay.
        source: The file.
        content: Its contents.
        fields: How its rows become transactions.
        work: Database and folder for reading it.

    Raises:
        InputError: It cannot be read, or an expression does not work.
    """
    if (total := _read_as_it_is(number, content, fields, work)) is not None:
        return ReadFile(source.name, fields, total, content.unit, ())
    with explained(f"{source.name} cannot be read"), content.table(work) as table:
        texts = _texts(table, content, fields)
        rows_table.insert(work, number, texts, Conventions())
        total, _, odd = rows_table.count(work, number)
        said: tuple[str, ...] = ()
        if odd[conventions.SHORT_DATE] or odd[conventions.ODD_AMOUNT]:
            used, said = conventions.best(work.connection, texts)
            if used != Conventions():
                rows_table.drop(work, number)
                rows_table.insert(work, number, texts, used)
    rows_table.leave_out(work, number, source.name, content.unit)
    by_name = "first" in fields.fields[KEY_COLUMN]
    lost = conventions.lost(total, odd, by_name=by_name)
    return ReadFile(source.name, fields, total, content.unit, (*said, *lost))


def _read_as_it_is(number: int, content: Content, fields: Fields, work: Work) -> int | None:
    """Read a file directly; returns its number of rows, or None if any row is at fault or odd.

    Most files can be read directly, and need no copy with the numbers of their lines.
    """
    query = content.as_it_is()
    if query is None or any("__place" in text for text in fields.fields.values()):
        return None
    with suppress(duckdb.Error):
        rows_table.insert(work, number, _texts(query, content, fields), Conventions())
        total, faults, odd = rows_table.count(work, number)
        if content.holds(total, work) and not faults and not any(odd.values()):
            return total
    rows_table.drop(work, number)
    return None


def _texts(table: str, content: Content, fields: Fields) -> str:
    """A query for the fields as texts in `raw`, with `__place` and `epoch`."""
    have = {column.lower() for column in content.columns}
    names = "".join(
        f", {identifier(column)} AS {identifier(known)}"
        for known, column in fields.columns.items()
        if known not in have
    )
    raw = ", ".join(f"{literal(f)}: CAST({text} AS VARCHAR)" for f, text in fields.fields.items())
    epoch = f"CAST({fields.seconds} AS VARCHAR)" if fields.seconds else "NULL::VARCHAR"
    return (
        f"SELECT __place, {{{raw}}} AS raw, {epoch} AS epoch FROM (SELECT *{names} FROM ({table}))"
    )
