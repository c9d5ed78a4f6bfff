"""Files of transactions: opened, unpacked, recognised, read row by row."""

from __future__ import annotations

import gzip
import stat
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Final, cast

from pipeline.errors import InputError

from .layouts import LAYOUTS, Layout, Row, UnreadableRow

_GZIP_MAGIC: Final = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class TransactionFile:
    """A file that has been recognised.

    Attributes:
        path: Where it is.
        layout: What kind it is.
        size: Bytes on disk, packed if it is packed.
        packed: Whether it is gzipped.
    """

    path: Path
    layout: Layout
    size: int
    packed: bool

    def rows(self) -> Iterator[tuple[Row, float]]:
        """Each row with the share of the file read so far, 0 to 1.

        A gzip that is cut short gives its rows up to the damage and a BadRow in the end.
        """
        lines = 0

        def counted(text: TextIOWrapper) -> Iterator[str]:
            nonlocal lines
            for line in text:
                lines += 1
                # csv refuses NUL in some versions and keeps it in others; it is never data.
                yield line.replace("\0", "\ufffd")

        with self.path.open("rb") as raw:
            # Held here, since it closes the file under it when it is dropped at the last line.
            text = _text(raw, self.packed)
            try:
                for row in self.layout.rows(counted(text)):
                    yield row, min(1.0, raw.tell() / self.size)
            except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                yield UnreadableRow(lines + 1, f"the gzip is damaged from here on ({error})"), 1.0


def open_file(path: Path) -> TransactionFile:
    """Recognise a file by its content.

    Raises:
        InputError: It cannot be read, is empty, or is of no layout we know.
    """
    try:
        status = path.stat()
        if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            raise InputError(f"{path} is no regular file.", "Write it to disk first.")
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP_MAGIC
            raw.seek(0)
            first = _text(raw, packed).readline(1_000_000)
    except OSError as error:
        reason = error.strerror or "it is no proper gzip"
        raise InputError(f"{path} cannot be read: {reason}.", "Check the path.") from error
    except (EOFError, zlib.error) as error:
        raise InputError(f"{path} is a damaged gzip: {error}.", "Fetch it again.") from error
    expected = "Expected one of: " + "; ".join(layout.name for layout in LAYOUTS) + "."
    if not first.strip():
        raise InputError(f"{path} is empty or begins with an empty line.", expected)
    layout = _recognise(path, first, expected)
    return TransactionFile(path, layout, status.st_size, packed)


def _recognise(path: Path, first: str, expected: str) -> Layout:
    """The layout of a file with this first line; InputError when there is none."""
    near = None
    for layout in LAYOUTS:
        lacking = layout.lacks(first)
        if lacking is not None and not lacking:
            return layout
        near = near or (layout, lacking) if lacking else near
    if near is not None:
        layout, lacking = near
        raise InputError(
            f"{path} looks like {layout.name}, but has no column {', '.join(sorted(lacking))}.",
            expected,
        )
    begins = first.strip()[:80]
    raise InputError(f"{path} is of no known layout; it begins with {begins!r}.", expected)


def _text(raw: IO[bytes], packed: bool) -> TextIOWrapper:
    """Lines as text: a byte order mark is passed over, bytes that are no UTF-8 are replaced.

    Line ends are left alone, since a quoted CSV field may hold some; csv and JSON take both kinds.
    """
    data = cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if packed else raw
    return TextIOWrapper(data, encoding="utf-8-sig", errors="replace", newline="\n")
