"""Refuses files of other formats, recognised by their first bytes, each with what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.errors import InputError

_SPREADSHEET: Final = 'Save the sheet as "CSV UTF-8" in the spreadsheet, and replay that.'
_PANDAS: Final = "Write it as Parquet from pandas: to_parquet."
_MADE_FROM: Final = "Look for the table that it was made from."
_DUMP: Final = "Load it, and export the table as CSV: \\copy, in psql."
_KINDS: Final = (
    (0, b"\xd0\xcf\x11\xe0", "an old Excel workbook", _SPREADSHEET),
    (257, b"ustar", "a tar archive", "Unpack it first: tar xf {name}"),
    (0, b"7z\xbc\xaf", "a 7-Zip archive", "Unpack it first: 7z x {name}"),
    (0, b"Rar!", "a RAR archive", "Unpack it first: unrar x {name}"),
    (0, b"ORC", "an ORC file", "Export it as Parquet from its source."),
    (0, b"Obj\x01", "an Avro file", "Export it as Parquet or JSON lines from its source."),
    (0, b"SQLite format 3", "a SQLite database", "Export the table: sqlite3 -csv -header {name}"),
    (0, b"\x89HDF", "an HDF5 file", _PANDAS),
    (0, b"\x80\x04\x95", "a Python pickle", _PANDAS),
    (0, b"\x80\x05\x95", "a Python pickle", _PANDAS),
    (0, b"\x93NUMPY", "a NumPy array", _PANDAS),
    (0, b"ARROW1", "a Feather file", _PANDAS),
    (0, b"FEA1", "a Feather file", _PANDAS),
    (0, b"\xff\xff\xff\xff", "an Arrow stream", "Write it as Parquet from pyarrow."),
    (0, b"PARE", "an encrypted Parquet file", "Decrypt it with what has written it."),
    (8, b"DUCK", "a DuckDB database", "Export the table: COPY it TO 'rows.parquet' in DuckDB."),
    (0, b"<stata_dta>", "a Stata file", _PANDAS),
    (0, b"RDX", "an R data file", "Write it as CSV from R: write.csv."),
    (0, b"%PDF", "a PDF", _MADE_FROM),
    (0, b"\x89PNG", "a picture", _MADE_FROM),
    (0, b"\xff\xd8\xff", "a picture", _MADE_FROM),
    (0, b"GIF8", "a picture", _MADE_FROM),
    (0, b"-- MySQL dump", "a dump of MySQL", "Load it, and export the table as CSV."),
    (0, b"--\n-- PostgreSQL database dump", "a dump of PostgreSQL", _DUMP),
    (0, b"PGDMP", "a dump of PostgreSQL", _DUMP),
    (0, b"\x04\x22\x4d\x18", "packed by LZ4", "Unpack it first: lz4 -d {name}"),
    (0, b"\xff\x06\x00\x00sNaPpY", "packed by Snappy", "Unpack it first: snzip -d {name}"),
    (0, b"PK\x05\x06", "an empty zip archive", "Fetch it again."),
    (
        0,
        b"version https://git-lfs",
        "a pointer of Git LFS",
        "Fetch what it stands for: git lfs pull",
    ),
)
_PAGE: Final = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype\s+html|html|\?xml|!--)", re.IGNORECASE)
# Members that identify a zip as a file of another format.
_IN_ZIP: Final = (
    ("xl/workbook.xml", "an Excel workbook", _SPREADSHEET),
    ("xl/workbook.bin", "an Excel workbook", _SPREADSHEET),
    ("content.xml", "a spreadsheet", _SPREADSHEET),
    ("Index/Document.iwa", "a spreadsheet of Numbers", _SPREADSHEET),
    ("word/document.xml", "a Word document", _MADE_FROM),
    ("ppt/presentation.xml", "a presentation", _MADE_FROM),
)


def refuse_foreign(name: str, head: bytes, members: Sequence[str] = ()) -> None:
    """Raise if a file is of a known format that cannot be read.

    Args:
        name: Name for the user.
        head: Its first kilobyte.
        members: Its members, if it is a zip.

    Raises:
        InputError: It is, with what to do.
    """
    for member, kind, hint in _IN_ZIP:
        if member in members:
            raise InputError(f"{name} is {kind}.", hint)
    for offset, magic, kind, hint in _KINDS:
        if head[offset:].startswith(magic):
            raise InputError(f"{name} is {kind}.", hint.format(name=name))
    if _PAGE.match(head):
        raise InputError(
            f"{name} is a web page or XML.",
            "Where it should be a download, sign in there first, and fetch it again.",
        )
