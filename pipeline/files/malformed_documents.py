"""Says where a JSON document is malformed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Final

import duckdb
import msgspec

from pipeline.errors import InputError
from pipeline.text.malformed import MALFORMED

_ITS_WORDS: Final = "Malformed JSON"
_AT_BYTE: Final = re.compile(r"(?:.*: )?(.+) \(byte (\d+)\)")
_CHUNK: Final = 1 << 20
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])


@contextmanager
def located(name: str, path: Path, *, array: bool) -> Iterator[None]:
    """Replace DuckDB's error about a malformed document, which does not say in which line it is.

    Args:
        name: The name of the file as the user knows it.
        path: A copy of it.
        array: Whether it is an array of objects.

    Raises:
        InputError: Instead of DuckDB's error.
    """
    try:
        yield
    except duckdb.Error as error:
        if _ITS_WORDS not in str(error):
            raise
        where = _fault_in_array(path) if array else ""
        raise InputError(
            f"{name} is not valid JSON{where}.",
            "Correct it, or write one object per line: then only the lines that are not valid are "
            "left out.",
        ) from error


def _fault_in_array(path: Path) -> str:
    """Where an array is malformed, and how; empty if that cannot be said."""
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as text:
        try:
            _ELEMENTS.decode(text)
        except MALFORMED as error:
            found = _AT_BYTE.fullmatch(str(error))
            if found is None:
                return ": it ends before its array does" if "truncated" in str(error) else ""
            return f" at line {_line_of(text, int(found[2])):,}: {found[1]}"
    return ""


def _line_of(text: mmap, place: int) -> int:
    """The number of the line of a byte, read in pieces, since files may be larger than memory."""
    starts = range(0, place, _CHUNK)
    return 1 + sum(text[start : min(start + _CHUNK, place)].count(b"\n") for start in starts)
