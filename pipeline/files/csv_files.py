"""Reads the rows of a CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipeline.text.sql import literal

from .csv_dialect import Dialect, dialect_of
from .csv_lines import BAD_QUOTES, write_numbered
from .left_out import Fault
from .sources import DAMAGED, FileSource
from .text_lines import LONGEST_LINE, is_plain, lines
from .typed import as_objects
from .work import Work

WIDTH: Final = Fault("the number of fields is not that of the header")
CUT_SHORT: Final = Fault("the file is damaged from here on")
_FAULTS: Final = {"TOO MANY COLUMNS": WIDTH, "MISSING COLUMNS": WIDTH}


@dataclass(frozen=True, slots=True)
class Csv:
    """A CSV file of a known dialect."""

    source: FileSource
    dialect: Dialect
    encoding: str
    unit: str = "line"
    has_nulls: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Names in the header."""
        return self.dialect.header

    @property
    def inside(self) -> Mapping[str, Sequence[str]]:
        """See `Content`: nothing is."""
        return {}

    def as_it_is(self) -> str | None:
        """See `Content`."""
        path = self.source.path
        if path is None or self.encoding not in ("", "utf-8") or not is_plain(path):
            return None
        return (
            f"SELECT NULL::BIGINT AS __place, * FROM ({self._query(path, skip=self.dialect.skip)})"
        )

    def holds(self, rows: int, work: Work) -> bool:
        """See `Content`: every line is a row, so no stray quote has joined lines."""
        path = self.source.path
        none_rejected = self._rejected(work, "count(*)").fetchone() == (0,)
        self._forget(work)
        if not none_rejected or path is None:
            return False
        return rows + self.dialect.skip == _lines_of(path)

    @contextmanager
    def table(self, work: Work, most: int | None = None, *, exact: bool = False) -> Iterator[str]:
        """See `Content`."""
        staged = work.folder / "lines.csv"
        self._write(staged, work, most)
        yield self._query(staged, "'__place': 'BIGINT', ")
        self._reject(work)
        staged.unlink()

    @contextmanager
    def objects(self, work: Work, most: int) -> Iterator[str]:
        """See `Content`."""
        with self.table(work, most) as texts:
            yield as_objects(texts, self.columns, work.connection)

    def _write(self, staged: Path, work: Work, most: int | None) -> None:
        last = 0

        def counted(all_lines: Iterator[bytes]) -> Iterator[bytes]:
            nonlocal last
            for line in all_lines:
                last += 1
                yield line

        def reject(fault: Fault, number: int, line: str) -> None:
            work.left_out.add(fault, self.source.name, f"line {number}", line[:60])

        with self.source.open() as raw, staged.open("wb", 1 << 18) as target:
            try:
                all_lines = counted(lines(raw, self.encoding))
                write_numbered(all_lines, target, self.dialect, reject, most)
            except (*DAMAGED, UnicodeError) as error:
                # Nothing was written of a record that the damage cuts in two.
                reject(cut_short(error), last + 1, "")

    def _query(self, path: Path, place: str = "", skip: int = 0) -> str:
        columns = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in self.columns)
        dialect = self.dialect
        return (
            f"SELECT * FROM read_csv({literal(path)}, auto_detect = false, header = false, "
            f"skip = {skip}, columns = {{{place}{columns}}}, "
            f"delim = {literal(dialect.delimiter)}, "
            f"quote = {literal(dialect.quote)}, escape = {literal(dialect.escape)}, "
            # An empty field is a text, not null; this null string does not occur.
            "nullstr = '\x02', new_line = '\\n', store_rejects = true, rejects_limit = 0, "
            f"max_line_size = {2 * LONGEST_LINE})"
        )

    def _rejected(self, work: Work, what: str) -> duckdb.DuckDBPyConnection:
        """Query the rows that DuckDB rejected when it last read the file."""
        return work.connection.execute(
            f"SELECT {what} FROM reject_errors "
            "WHERE scan_id = (SELECT max(scan_id) FROM reject_errors)"
        )

    def _reject(self, work: Work) -> None:
        """Leave out the rows that DuckDB rejected, by the number at the beginning of each line."""
        found = self._rejected(work, "DISTINCT ON (line) error_type::VARCHAR, csv_line")
        while rows := found.fetchmany(1_000):
            for kind, line in rows:
                number, _, rest = line.partition(self.dialect.delimiter)
                fault = _FAULTS.get(kind, BAD_QUOTES)
                work.left_out.add(fault, self.source.name, f"line {number}", rest[:60])
        self._forget(work)

    def _forget(self, work: Work) -> None:
        work.connection.execute("DROP TABLE reject_errors; DROP TABLE reject_scans")


def recognised(
    source: FileSource,
    head: Sequence[bytes],
    encoding: str,
    known: Callable[[Sequence[str]], bool],
    work: Work,
) -> Csv:
    """Recognise a CSV file; see `dialect_of`."""
    return Csv(source, dialect_of(head, known, work), encoding)


def cut_short(error: Exception) -> Fault:
    """Return the fault of a file that is damaged, with what the decoder says of it."""
    return Fault(f"{CUT_SHORT.what} ({error})")


def _lines_of(path: Path) -> int:
    """Number of lines of a file; -1 for one with a NUL, which no text contains."""
    count, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            if b"\0" in block:
                return -1
            count += block.count(b"\n")
            last = block[-1:]
    return count + (last != b"\n")
