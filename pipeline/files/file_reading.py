"""Reads a file into the table of all rows, converted and validated."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import duckdb

from pipeline.text.sql import identifier, literal

from . import oddities, rows_table
from .contents import Content
from .conventions import Conventions
from .left_out_rows import Checks
from .mapping import Fields
from .sources import FileSource
from .target import Target
from .work import Work, explained


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file that has been read.

    Attributes:
        name: Name for the user.
        fields: How its rows became records.
        rows: Number of its rows, including those that are left out.
        unit: The unit in which its rows are numbered.
        notes: Sentences about how it was read, and what it has lost.
    """

    name: str
    fields: Fields
    rows: int
    unit: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileReader:
    """Reads files into the table `rows`.

    Attributes:
        checks: What the rows become, and which of them are left out.
        work: Database and folder for reading files.
    """

    checks: Checks
    work: Work

    def read(self, number: int, source: FileSource, content: Content, fields: Fields) -> ReadFile:
        """Read a file into the table `rows`.

        Args:
            number: Number of the file in this replay.
            source: The file.
            content: Its contents.
            fields: How its rows become records.

        Raises:
            InputError: It cannot be read, or an expression does not work.
        """
        work, target = self.work, self.checks.target
        dropped = _not_written(fields, target)
        if (total := self._read_as_it_is(number, content, fields)) is not None:
            return ReadFile(source.name, fields, total, content.unit, dropped)
        exact = target.source.has_decimals
        with (
            explained(f"{source.name} cannot be read", quotes=not target.source.sensitive),
            content.table(work, exact=exact) as table,
        ):
            texts = self._texts(table, content, fields)
            self._insert(number, texts, Conventions())
            total, _, odd = rows_table.count(work, number)
            said: tuple[str, ...] = ()
            used = Conventions()
            if odd[oddities.SHORT_DATE] or odd[oddities.ODD_AMOUNT]:
                used, said = oddities.best(work.connection, texts, target)
                if used != Conventions():
                    rows_table.drop(work, number)
                    self._insert(number, texts, used)
        rows_table.leave_out(work, number, source.name, content.unit, self.checks)
        by_name = "first" in fields.fields.get(target.source.user or "", "")
        lost = oddities.lost(total, odd, target, by_name=by_name)
        notes = (*dropped, *said, *oddities.converted(total, odd, used), *lost)
        return ReadFile(source.name, fields, total, content.unit, notes)

    def _read_as_it_is(self, number: int, content: Content, fields: Fields) -> int | None:
        """Read a file directly; returns its number of rows, or None if any is at fault or odd.

        Most files can be read directly, and need no copy with the numbers of their lines.
        """
        query = content.as_it_is()
        if query is None or any("__place" in text for text in fields.fields.values()):
            return None
        with suppress(duckdb.Error):
            self._insert(number, self._texts(query, content, fields), Conventions())
            total, faults, odd = rows_table.count(self.work, number)
            if content.holds(total, self.work) and not faults and not any(odd.values()):
                return total
        rows_table.drop(self.work, number)
        return None

    def _insert(self, number: int, texts: str, how: Conventions) -> None:
        rows_table.insert(self.work, number, texts, how, self.checks)

    def _texts(self, table: str, content: Content, fields: Fields) -> str:
        """A query for the fields as texts in `raw`, with `__place` and `epoch`."""
        have = {column.lower() for column in content.columns}
        names = "".join(
            f", {identifier(column)} AS {identifier(known)}"
            for known, column in fields.columns.items()
            if known.lower() not in have
        )
        # Other formats write null and an empty text in two ways.
        blank = self.checks.target.nulls and not content.has_nulls
        text = "nullif(CAST({} AS VARCHAR), '')" if blank else "CAST({} AS VARCHAR)"
        raw = ", ".join(f"{literal(f)}: {text.format(sql)}" for f, sql in fields.fields.items())
        epoch = f"CAST({fields.seconds} AS VARCHAR)" if fields.seconds else "NULL::VARCHAR"
        return (
            f"SELECT __place, {{{raw}}} AS raw, {epoch} AS epoch "
            f"FROM (SELECT *{names} FROM ({table}))"
        )


def _not_written(fields: Fields, target: Target) -> tuple[str, ...]:
    """A sentence about columns that the file has, and that the records have no fields for."""
    written = target.encoder.fields.types
    names = [name for name in fields.found if name not in written]
    return (f"Not in the topic's schema, so not sent: {', '.join(names)}.",) if names else ()
