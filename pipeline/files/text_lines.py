"""Reads lines of texts in any encoding as UTF-8."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from functools import partial
from io import BufferedReader, RawIOBase, TextIOWrapper
from pathlib import Path
from shutil import copyfileobj
from typing import IO, Any, Final

from pipeline.errors import ConfigError

LONGEST_LINE: Final = 1_000_000
"""In bytes, or in characters where a text is not UTF-8."""
_BLOCK: Final = 1 << 18
# The marks of UTF-32 begin with those of UTF-16.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def known_encoding(name: str) -> str:
    """Return Python's name of an encoding.

    Raises:
        ConfigError: There is no such encoding.
    """
    try:
        return codecs.lookup(name).name
    except (LookupError, UnicodeError) as error:
        raise ConfigError(
            f"There is no encoding {name!r}.",
            "Files of Windows are often cp1252; others latin-1 or utf-16.",
        ) from error


def lines(stream: IO[bytes], encoding: str = "") -> Iterator[bytes]:
    """Yield lines in UTF-8 without their ends; only the first part of one that is too long.

    Args:
        stream: Bytes from the beginning; a byte order mark decides the encoding, and is skipped.
        encoding: Encoding of a text without a byte order mark; when empty, the bytes are yielded
            unchanged, also invalid ones.

    Raises:
        UnicodeDecodeError: The text is not in its encoding.
    """
    buffered, given = _opened(stream, encoding)
    end = b"\r" if _ends_in_returns(buffered.peek(_BLOCK)) else b"\n"
    if given in ("", "utf-8") and end == b"\n":
        yield from _each(partial(buffered.readline, LONGEST_LINE + 1), end)
    else:
        # What is not UTF-8 goes through unchanged, unless an encoding is given.
        errors = "strict" if given else "surrogateescape"
        text = TextIOWrapper(buffered, given or "utf-8", errors, newline=end.decode())
        yield from _each(
            lambda: text.readline(LONGEST_LINE + 1).encode("utf-8", "surrogateescape"), end
        )


def _each(read: Callable[[], bytes], end: bytes) -> Iterator[bytes]:
    for line in iter(read, b""):
        if line.endswith(end):
            yield line[:-2] if line.endswith(b"\r\n") else line[:-1]
            continue
        yield line
        rest = line
        while len(rest) > LONGEST_LINE and not rest.endswith(end):
            rest = read()


def _ends_in_returns(begin: bytes) -> bool:
    """Whether lines end as on early Macs, and in what Excel calls "CSV (Macintosh)"."""
    return b"\r" in begin and b"\n" not in begin


def copy_as_utf8(stream: IO[bytes], target: IO[bytes], encoding: str = "") -> None:
    """Copy a text as UTF-8, decoded as by `lines`, with unchanged line ends."""
    buffered, given = _opened(stream, encoding)
    if given in ("", "utf-8"):
        copyfileobj(buffered, target, 1 << 20)
    else:
        text = TextIOWrapper(buffered, encoding=given, newline="\n")
        for part in iter(partial(text.read, 1 << 20), ""):
            target.write(part.encode())


class _Steps(RawIOBase):
    """Reads in small steps, so that the bytes before the damage of a packed file are not lost."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._read: Callable[[int], bytes] = getattr(stream, "read1", stream.read)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._read(len(buffer))
        buffer[: len(part)] = part
        return len(part)


def is_plain(path: Path) -> bool:
    """Whether DuckDB can read the text of a file on disk.

    It is of no encoding with a byte order mark other than UTF-8, and has the usual line ends.
    """
    with path.open("rb") as file:
        begin = file.read(_BLOCK)
    marked = any(begin.startswith(mark) for mark, name in _MARKS if name != "utf-8")
    return not marked and not _ends_in_returns(begin)


def _opened(stream: IO[bytes], encoding: str) -> tuple[BufferedReader, str]:
    """The text after its byte order mark, and its encoding."""
    buffered: BufferedReader = BufferedReader(_Steps(stream), _BLOCK)
    begin = buffered.peek(4)
    mark, marked = next(
        ((mark, name) for mark, name in _MARKS if begin.startswith(mark)), (b"", encoding)
    )
    buffered.read(len(mark))
    return buffered, marked
