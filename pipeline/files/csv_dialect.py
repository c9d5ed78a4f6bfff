"""Finds the dialect of a CSV: delimiter, quotes, header, and the first row."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from typing import Final

import duckdb

from pipeline.text.sql import literal

from . import duckdb_sql
from .work import Work

_DELIMITERS: Final = ",;|\t"
_SEPARATOR: Final = b"sep="
"""With this a file says its delimiter to Excel."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The dialect of a CSV.

    Attributes:
        delimiter: Between fields.
        quote: Around fields.
        escape: Before a quote within quotes: another quote, or a backslash.
        header: Names of the columns.
        skip: Lines before the first row.
    """

    delimiter: str
    header: tuple[str, ...]
    skip: int
    quote: str = '"'
    escape: str = '"'

    def split(self, text: str) -> list[list[str]]:
        """Return the rows of a text.

        Raises:
            csv.Error: A quote or line end is misplaced.
        """
        doubled = self.escape == self.quote
        return list(
            csv.reader(
                StringIO(text, newline=""),
                delimiter=self.delimiter,
                quotechar=self.quote,
                escapechar=None if doubled else self.escape,
                doublequote=doubled,
                strict=True,
            )
        )


def dialect_of(
    head: Sequence[bytes],
    known: Callable[[Sequence[str]], bool],
    work: Work,
) -> Dialect:
    """Return the dialect of a CSV file; one that gives a known header, if any does.

    Args:
        head: Its first lines.
        known: Whether a header is that of a known layout.
        work: Database and folder for DuckDB's sniffer.
    """
    skip = next(number for number, line in enumerate(head) if line.strip())
    first = head[skip].decode(errors="replace")
    delimiters = _DELIMITERS
    if head[skip].startswith(_SEPARATOR) and len(head) > skip + 1:
        delimiters, skip = first[len(_SEPARATOR) :][:1] or ",", skip + 1
        first = head[skip].decode(errors="replace")
    candidates = [found for d in delimiters if (found := _dialect(first, d, skip + 1))]
    best = next((found for found in candidates if known(found.header)), None)
    if best is None and delimiters == _DELIMITERS:
        best = _sniffed(head, work)
    best = best or max(candidates, key=lambda found: len(found.header), default=None)
    return best or Dialect(",", (first.strip()[:80],), skip + 1)


def _dialect(first: str, delimiter: str, skip: int) -> Dialect | None:
    try:
        ((*header,),) = Dialect(delimiter, (), 0).split(first)
    except (csv.Error, ValueError):
        return None
    return Dialect(delimiter, duckdb_sql.unique(header), skip)


def _sniffed(head: Sequence[bytes], work: Work) -> Dialect | None:
    """The dialect that DuckDB finds in the first lines; None when it is not certain."""
    sample = work.folder / "head.csv"
    sample.write_bytes(b"\n".join(head))
    found = None
    # The strict run detects more; the lenient one is for files with broken lines.
    for lenient in ("false", "true"):
        query = (
            "SELECT Delimiter, Quote, Escape, SkipRows, HasHeader, [c.name FOR c IN Columns] FROM "
            f"sniff_csv({literal(sample)}, all_varchar = true, sample_size = 1000, "
            f"ignore_errors = {lenient})"
        )
        with suppress(duckdb.Error):
            found = found or work.connection.execute(query).fetchone()
    if found is None or len(found[5]) < 2 or len(found[0]) != 1:
        return None
    delimiter, quote, escape, skip, has_header, columns = found
    quote = quote if len(quote) == 1 else '"'
    return Dialect(
        delimiter,
        duckdb_sql.unique(columns),
        skip + has_header,
        quote,
        escape if escape == "\\" else quote,
    )
