"""Reads JSON: one object per line, or a document of objects, as an array or concatenated."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from pipeline.errors import InputError
from pipeline.text.malformed import MALFORMED
from pipeline.text.sql import identifier, literal

from . import duckdb_sql
from .careful import Careful
from .csv_files import CUT_SHORT, cut_short
from .inner_objects import FIELDS, objects_inside
from .left_out import Fault
from .malformed_documents import located
from .sources import DAMAGED, FileSource
from .text_lines import LONGEST_LINE, copy_as_utf8, lines
from .work import Work, explained

_NOT_JSON: Final = Fault("the line is not a JSON object")
_NO_VALUE: Final = Fault("the record's value is not a JSON object")
# A record as printed by `tail --json`.
_ENVELOPE: Final = frozenset(("topic", "partition", "offset", "value"))
_SEPARATOR: Final = "\x01"
"""Between the number of a line and its JSON, which cannot hold this."""
_NUMBER: Final = r"(-?[0-9][0-9.eE+-]*)"
_MOST_BYTES: Final = 16 * LONGEST_LINE


def _query(columns: Sequence[str], table: str, *, exact: bool) -> str:
    """A query for the fields of objects as texts; nested ones as their JSON."""
    wanted = literal(msgspec.json.encode(dict.fromkeys(columns, "VARCHAR")).decode())
    texts = f"json_transform(object, {wanted})"
    if not exact:
        return f"SELECT __place, unnest({texts}) FROM ({table})"
    fields = "".join(f", {_as_written(name)} AS {identifier(name)}" for name in columns)
    return f"SELECT __place{fields} FROM (SELECT *, {texts} AS texts FROM ({table}))"


def _as_written(name: str) -> str:
    """A field's text, with all digits if it is a number: DuckDB's JSON has those of a double.

    The number is searched in the text of the object, where deeper ones may have its name, too.
    """
    text = f"texts.{identifier(name)}"
    field = literal(f"{re.escape(msgspec.json.encode(name).decode())}\\s*:\\s*{_NUMBER}")
    found = f"regexp_extract_all(CAST(object AS VARCHAR), {field}, 1)"
    same = f"list_filter({found}, lambda n: TRY_CAST(n AS DOUBLE) = TRY_CAST({text} AS DOUBLE))"
    return (
        f"CASE WHEN TRY_CAST({text} AS DOUBLE) IS NOT NULL "
        f"THEN coalesce({same}[1], {text}) ELSE {text} END"
    )


@dataclass(frozen=True, slots=True)
class JsonLines(Careful):
    """One object per line; `records` says whether they are Kafka records with values inside."""

    source: FileSource
    columns: tuple[str, ...]
    encoding: str
    records: bool
    inside: Mapping[str, Sequence[str]]
    unit: str = "line"
    has_nulls: bool = True

    @contextmanager
    def table(self, work: Work, most: int | None = None, *, exact: bool = False) -> Iterator[str]:
        """See `Content`."""
        with self._staged(work, most) as staged:
            valid = "CASE WHEN json_valid(object) THEN object::JSON END"
            rows = f"SELECT __place, {valid} AS object FROM {staged}"
            yield _query(self.columns, rows, exact=exact)

    @contextmanager
    def objects(self, work: Work, most: int) -> Iterator[str]:
        """See `Content`."""
        with self._staged(work, most) as staged:
            yield f"SELECT __place, object FROM {staged}"

    @contextmanager
    def _staged(self, work: Work, most: int | None) -> Iterator[str]:
        staged = work.folder / "lines.json"
        self._write(staged, work, most)
        yield (
            f"read_csv({literal(staged)}, auto_detect = false, header = false, "
            "columns = {'__place': 'BIGINT', 'object': 'VARCHAR'}, new_line = '\\n', "
            f"delim = {literal(_SEPARATOR)}, quote = '', escape = '', "
            f"max_line_size = {2 * LONGEST_LINE})"
        )
        staged.unlink()

    def _write(self, staged: Path, work: Work, most: int | None) -> None:
        number = rows = 0

        def reject(fault: Fault, example: str) -> None:
            work.left_out.add(fault, self.source.name, f"line {number}", example[:60])

        with self.source.open() as raw, staged.open("wb", 1 << 18) as target:
            try:
                for number, line in enumerate(lines(raw, self.encoding), 1):
                    if not line.strip():
                        continue
                    try:
                        fields = FIELDS.decode(line)
                    except MALFORMED:
                        reject(_NOT_JSON, line[:200].decode(errors="replace"))
                        continue
                    value = bytes(fields.get("value", b"null")) if self.records else line
                    if value.lstrip()[:1] == b"{":
                        rows += 1
                        target.write(b"%d\x01%b\n" % (number, value.rstrip(b"\r")))
                    else:
                        reject(_NO_VALUE, value[:200].decode(errors="replace"))
                    if rows == most:
                        break
            except (*DAMAGED, UnicodeError) as error:
                number += 1
                reject(cut_short(error), "")


@dataclass(frozen=True, slots=True)
class JsonDocument(Careful):
    """Objects over several lines, in a file of UTF-8 on disk."""

    source: FileSource
    columns: tuple[str, ...]
    path: Path
    array: bool
    inside: Mapping[str, Sequence[str]]
    unit: str = "object"
    has_nulls: bool = True

    @contextmanager
    def table(self, work: Work, most: int | None = None, *, exact: bool = False) -> Iterator[str]:
        """See `Content`."""
        with self._checked(work):
            rows = _first(_objects(self.path, self.array), most)
            yield _query(self.columns, rows, exact=exact)

    @contextmanager
    def objects(self, work: Work, most: int) -> Iterator[str]:
        """See `Content`."""
        with self._checked(work):
            yield _first(_objects(self.path, self.array), most)

    @contextmanager
    def _checked(self, work: Work) -> Iterator[None]:
        with located(self.source.name, self.path, array=self.array):
            yield
        # DuckDB accepts the end of the file as the end of an array.
        if _last(self.path) != (b"]" if self.array else b"}"):
            work.left_out.add(CUT_SHORT, self.source.name, "end")


def recognised(
    source: FileSource, head: Sequence[bytes], encoding: str, work: Work
) -> JsonLines | JsonDocument:
    """Recognise the kind of JSON of a file, and the fields of its objects.

    Args:
        source: The file.
        head: Its first lines.
        encoding: Encoding of a text without a byte order mark.
        work: Database and folder for reading it.

    Raises:
        InputError: It is not JSON.
    """
    written = [line for line in head if line.strip()]
    objects = list(_objects_of(written))
    # In a document, too, some lines may be objects, as those of an array with one on each line.
    if len(objects) >= len(written) / 2 or any(_objects_of(written[:1])):
        records = all(fields.keys() >= _ENVELOPE for fields in objects)
        if records:
            objects = list(_objects_of([bytes(fields["value"]) for fields in objects]))
        names = dict.fromkeys(name for fields in objects for name in fields)
        inside = dict(objects_inside(objects[0])) if objects else {}
        return JsonLines(source, duckdb_sql.unique(names), encoding, records, inside)
    array = b"".join(head).lstrip().startswith(b"[")
    path = work.folder / f"document-{len(list(work.folder.iterdir()))}.json"
    with (
        explained(f"{source.name} cannot be read as JSON"),
        located(source.name, path, array=array),
    ):
        try:
            with source.open() as raw, path.open("wb") as target:
                copy_as_utf8(raw, target, encoding)
        except DAMAGED as error:
            raise InputError(f"{source.name} is damaged: {error}.", "Fetch it again.") from error
        found = work.connection.execute(
            "SELECT DISTINCT unnest(json_keys(object)) FROM "
            f"(FROM ({_objects(path, array)}) WHERE json_type(object) = 'OBJECT' LIMIT 1000)"
        ).fetchall()
        first = work.connection.execute(_first(_objects(path, array), 1)).fetchone()
    inside = dict(objects_inside(next(_objects_of([first[1].encode()]), {}))) if first else {}
    columns = duckdb_sql.unique(sorted(row[0] for row in found))
    return JsonDocument(source, columns, path, array, inside)


def _objects_of(texts: Sequence[bytes]) -> Iterator[dict[str, msgspec.Raw]]:
    for text in texts:
        try:
            yield FIELDS.decode(text)
        except MALFORMED:
            continue


def _objects(path: Path, array: bool) -> str:
    form = "array" if array else "unstructured"
    return (
        "SELECT row_number() OVER () AS __place, json AS object FROM read_json_objects("
        f"{literal(path)}, format = '{form}', maximum_object_size = {_MOST_BYTES})"
    )


def _first(query: str, most: int | None) -> str:
    return query if most is None else f"{query} LIMIT {most}"


def _last(path: Path) -> bytes:
    """The last byte of a file that is not white space."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 1_000))
        return file.read().rstrip()[-1:]
