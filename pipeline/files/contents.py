"""The contents of a file: a table of texts under the names of its columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol

from pipeline.errors import InputError
from pipeline.text.sql import identifier, literal

from . import csv_files, json_files
from .careful import Careful
from .sources import DAMAGED, FileSource
from .text_lines import lines
from .typed import in_json
from .work import Work, explained

_PARQUET: Final = b"PAR1"
_NESTED: Final = ("STRUCT(", "MAP(")
_MOST_DIGITS: Final = 38
_HEAD_LINES: Final = 1_000
_HEAD_BYTES: Final = 1_000_000


class Content(Protocol):
    """A file whose columns are known."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns in the file."""

    @property
    def unit(self) -> str:
        """The unit in which its rows are numbered: `line`."""

    @property
    def has_nulls(self) -> bool:
        """Whether null and an empty text are written in two ways."""

    @property
    def inside(self) -> Mapping[str, Sequence[str]]:
        """The fields of objects inside of its first row, by where they are, as jq says it."""

    def as_it_is(self) -> str | None:
        """A query for its columns and a null `__place`; None if DuckDB cannot read it directly."""

    def holds(self, rows: int, work: Work) -> bool:
        """Whether that query returns all rows, if it returned this many."""

    def table(
        self, work: Work, most: int | None = None, *, exact: bool = False
    ) -> AbstractContextManager[str]:
        """A query for its columns and `__place`, valid inside the context.

        Rows that cannot be separated are left out at the end of the context.

        Args:
            work: Database and folder for reading it.
            most: How many rows to read from its beginning; all of them when None.
            exact: Whether numbers keep all their digits, which costs a moment in JSON.
        """

    def objects(self, work: Work, most: int) -> AbstractContextManager[str]:
        """A query for `__place` and `object`, the row as a JSON object; otherwise as `table`."""


@dataclass(frozen=True, slots=True)
class _Parquet(Careful):
    source: FileSource
    types: Mapping[str, str]
    unit: str = "row"
    has_nulls: bool = True

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.types)

    @contextmanager
    def table(self, work: Work, most: int | None = None, *, exact: bool = False) -> Iterator[str]:
        texts = ", ".join(_as_text(name, dtype) for name, dtype in self.types.items())
        yield f"SELECT file_row_number + 1 AS __place, {texts} FROM {self._rows(work, most)}"

    @contextmanager
    def objects(self, work: Work, most: int) -> Iterator[str]:
        fields = ", ".join(
            f"{literal(name)}, {in_json(name, self.types[name])}" for name in self.columns
        )
        yield (
            f"SELECT file_row_number + 1 AS __place, json_object({fields}) AS object "
            f"FROM {self._rows(work, most)}"
        )

    def _rows(self, work: Work, most: int | None) -> str:
        path = literal(self.source.on_disk(work.folder))
        rows = f"read_parquet({path}, file_row_number = true)"
        return rows if most is None else f"(FROM {rows} LIMIT {most})"


def _as_text(name: str, dtype: str) -> str:
    """SQL of a column's text, in JSON if it is nested, as in files of JSON."""
    column = identifier(name)
    nested = dtype.startswith(_NESTED) or dtype.endswith("]")
    return f"CAST({f'to_json({column})' if nested else column} AS VARCHAR) AS {column}"


def recognised(
    source: FileSource, encoding: str, known: Callable[[Sequence[str]], bool], work: Work
) -> Content:
    """Recognise the contents of a file.

    Args:
        source: The file.
        encoding: Encoding of a text without a byte order mark; UTF-8 when empty.
        known: Whether a header is that of a known layout.
        work: Database and folder for reading it.

    Raises:
        InputError: It is empty, damaged, or of another format.
    """
    try:
        with source.open() as raw:
            magic = raw.read(len(_PARQUET))
        if magic == _PARQUET:
            return _parquet(source, work)
        with source.open() as raw:
            head = _head(lines(raw, encoding))
    except DAMAGED as error:
        raise InputError(f"{source.name} is damaged: {error}.", "Fetch it again.") from error
    except UnicodeError as error:
        raise InputError(
            f"{source.name} is not in the encoding {encoding or 'of its byte order mark'}.",
            "Name its encoding with --encoding.",
        ) from error
    begin = b"".join(head).lstrip()
    if not begin:
        raise InputError(f"{source.name} is empty.", "Check the file.")
    if b"\0" in begin[:100]:
        raise InputError(
            f"{source.name} is not text, or is UTF-16 without a byte order mark.",
            "If it is text, use --encoding utf-16-le.",
        )
    if begin[:1] in b"{[":
        return json_files.recognised(source, head, encoding, work)
    return csv_files.recognised(source, head, encoding, known, work)


def _head(all_lines: Iterator[bytes]) -> list[bytes]:
    head: list[bytes] = []
    size = 0
    try:
        for line in islice(all_lines, _HEAD_LINES):
            head.append(line)
            size += len(line)
            if size > _HEAD_BYTES:
                break
    except DAMAGED:
        # The lines before the damage are read, and the damage is reported then.
        if not head:
            raise
    return head


def _parquet(source: FileSource, work: Work) -> Content:
    path = literal(source.on_disk(work.folder))
    with explained(f"{source.name} cannot be read as Parquet"):
        found = work.connection.execute(f"DESCRIBE SELECT * FROM read_parquet({path})").fetchall()
        long = work.connection.execute(
            f"SELECT name, precision FROM parquet_schema({path}) WHERE precision > {_MOST_DIGITS}"
        ).fetchone()
    if long is not None:
        # DuckDB would read other numbers.
        raise InputError(
            f"{source.name} has decimals of {long[1]} digits in its column {long[0]}; "
            f"those of up to {_MOST_DIGITS} can be read.",
            "Write the column with fewer digits.",
        )
    return _Parquet(source, {str(row[0]): str(row[1]) for row in found})
