"""Finds files by name, pattern, member of a zip, or standard input, and unpacks them."""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import stat
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from io import BufferedReader, RawIOBase
from pathlib import Path, PurePath
from shutil import copyfileobj
from typing import IO, Any, Final, cast

import pyarrow as pa

from pipeline.errors import InputError

from .refused import refuse_foreign

STANDARD_INPUT: Final = "-"
DAMAGED: Final = (EOFError, gzip.BadGzipFile, zlib.error, lzma.LZMAError, zipfile.BadZipFile)
"""What reading raises where a packed file is cut short or broken; so does OSError."""
_HEAD: Final = 1024

Open = Callable[[], IO[bytes]]


class _Zstd(RawIOBase):
    def __init__(self, raw: IO[bytes]) -> None:
        self._stream = pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            part = self._stream.read(len(buffer))
        except OSError as error:
            raise EOFError(str(error)) from error
        buffer[: len(part)] = part
        return len(part)


_UNPACK: Final[dict[bytes, Callable[[IO[bytes]], IO[bytes]]]] = {
    b"\x1f\x8b": lambda raw: cast("IO[bytes]", gzip.GzipFile(fileobj=raw, mode="rb")),
    b"BZh": lambda raw: cast("IO[bytes]", bz2.BZ2File(raw)),
    b"\xfd7zXZ\x00": lambda raw: cast("IO[bytes]", lzma.open(raw)),  # noqa: SIM115  (closed by the reader)
    b"\x28\xb5\x2f\xfd": lambda raw: cast("IO[bytes]", BufferedReader(_Zstd(raw))),
}
_ZIP: Final = b"PK\x03\x04"
# Files that macOS and users put beside the data.
_BESIDE: Final = ("__MACOSX/", ".", "README", "LICENSE")


@dataclass(frozen=True, slots=True)
class FileSource:
    """One file, or one member of a zip.

    Attributes:
        name: Name for the user: `archive.zip/2024.csv`.
        open: Opens its unpacked bytes.
        path: Path of a file that is not packed; None for others.
        named: Whether the user has named it, so that it must not be skipped.
    """

    name: str
    open: Open
    path: Path | None
    named: bool

    def on_disk(self, folder: Path) -> Path:
        """Path of its bytes, unpacked into the folder if necessary."""
        if self.path is not None:
            return self.path
        target = folder / "unpacked"
        with self.open() as packed, target.open("wb") as plain:
            copyfileobj(packed, plain, 1 << 20)
        return target


def found(names: Sequence[str], spool: Callable[[IO[bytes]], Path]) -> Iterator[FileSource]:
    """Return the files of these names, in their order; those of a pattern sorted by name.

    Args:
        names: Paths, patterns such as `data/*.csv.gz`, or `-` for standard input.
        spool: Writes what can be read only once to a file, and returns its path.

    Raises:
        InputError: There is no such file, or one of a format that cannot be read.
    """
    for name in names:
        if name == STANDARD_INPUT:
            yield from _of_path("standard input", spool(sys.stdin.buffer), named=True)
        elif Path(name).exists() or not glob.has_magic(name):
            path = Path(name)
            if path.is_fifo():  # also what the shell makes of <(zcat a.csv.gz)
                with path.open("rb") as stream:
                    path = spool(stream)
            yield from _of_path(name, path, named=True)
        else:
            # Files of a folder are sorted, so that rows of the same time are always sent in the
            # same order.
            matching = sorted(glob.glob(name, recursive=True))  # noqa: PTH207  (may be absolute)
            if not matching:
                raise InputError(f"No file matches {name}.", "Check the pattern.")
            files = list(filter(Path.is_file, map(Path, matching)))
            if not files:
                raise InputError(
                    f"{name} matches folders alone.", f"Name their files: '{name}/*.csv'."
                )
            for path in files:
                yield from _of_path(str(path), path, named=False)


def _of_path(name: str, path: Path, *, named: bool) -> Iterator[FileSource]:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{name} is a directory.", f"Name its files: '{name}/*.csv'.")
        if not stat.S_ISREG(mode):
            raise InputError(f"{name} is no regular file.", "Write it to disk first.")
        yield from _unpacked(name, lambda: path.open("rb"), path, named=named)
    except DAMAGED as error:
        raise InputError(f"{name} is damaged: {error}.", "Fetch it again.") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise InputError(f"{name} cannot be read: {reason}.", "Check the path.") from error


def _unpacked(name: str, opened: Open, path: Path | None, *, named: bool) -> Iterator[FileSource]:
    """The contents of a file, through any number of packings."""
    with opened() as raw:
        head = raw.read(_HEAD)
    for magic, unpack in _UNPACK.items():
        if head.startswith(magic):
            yield from _unpacked(name, partial(_through, unpack, opened), None, named=named)
            return
    if head.startswith(_ZIP):
        with zipfile.ZipFile(opened()) as archive:
            members = archive.infolist()
        refuse_foreign(name, head, [member.filename for member in members])
        yield from _members(name, opened, members)
        return
    refuse_foreign(name, head)
    yield FileSource(name, opened, path, named)


def _through(unpack: Callable[[IO[bytes]], IO[bytes]], opened: Open) -> IO[bytes]:
    return unpack(opened())


def _members(name: str, opened: Open, members: Sequence[zipfile.ZipInfo]) -> Iterator[FileSource]:
    data = [
        member
        for member in members
        if not member.is_dir()
        and not member.filename.startswith(_BESIDE)
        and not PurePath(member.filename).name.startswith(_BESIDE)
    ]
    for member in data:
        if member.flag_bits & 1:
            raise InputError(f"{name} is encrypted.", f"Unpack it first: unzip {name}")
        inside = partial(_member, opened, member.filename)
        yield from _unpacked(f"{name}/{member.filename}", inside, None, named=len(data) == 1)


def _member(opened: Open, member: str) -> IO[bytes]:
    return zipfile.ZipFile(opened()).open(member)
