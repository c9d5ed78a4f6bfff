"""Rewrites the lines of a CSV for DuckDB: numbered, one record each, without broken quotes.

DuckDB reports neither the line of a row that it has read nor the beginning of one that it rejects,
and a stray quote makes it read the following rows as one field. So each record is written behind
the number of its first line, and lines that would mislead DuckDB are left out.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Callable, Iterator
from itertools import count
from typing import IO, Final

from .csv_dialect import Dialect
from .left_out import Fault
from .text_lines import LONGEST_LINE

NOT_UTF8: Final = Fault(
    "the line is not UTF-8", hint="If the file comes from Windows, use --encoding cp1252."
)
TOO_LONG: Final = Fault("the line is longer than a megabyte")
BAD_QUOTES: Final = Fault("a quote or line end is misplaced")
# Characters that DuckDB takes for the end of a line or of a text.
_UNSURE: Final = re.compile(rb"[\r\0]")
# The most lines of one record: a stray quote must not join the rest of the file.
_MOST_LINES: Final = 200

Reject = Callable[[Fault, int, str], None]
"""Takes what is wrong, the number of the line, and the line."""


def write_numbered(
    lines: Iterator[bytes],
    target: IO[bytes],
    dialect: Dialect,
    reject: Reject,
    most: int | None = None,
) -> None:
    """Write the rows of a CSV, each after its line number, from 1, and a delimiter.

    Args:
        lines: All lines of the file.
        target: Destination.
        dialect: Dialect of the file.
        reject: Called with each line that is left out.
        most: After how many rows to stop; after all of them when None.
    """
    quote, delimiter = dialect.quote.encode(), dialect.delimiter.encode()
    blank = b" \t" + quote + delimiter
    simple = dialect.escape == dialect.quote
    regular = _regular(quote, delimiter)
    numbers, again = count(1), deque[tuple[int, bytes]]()
    numbered = zip(numbers, lines, strict=False)
    for _ in range(dialect.skip):
        next(numbered, None)
    rows = 0
    while rows != most:
        number, line = again.popleft() if again else next(numbered, (0, b""))
        if not number:
            return
        fault = None if line.isascii() and len(line) <= LONGEST_LINE else _unreadable(line)
        misleads = quote in line and not (simple and regular.fullmatch(line))
        if fault is None and (misleads or _UNSURE.search(line)):
            record = _record(line, dialect, numbered, again) if b"\0" not in line else None
            fault = None if record else BAD_QUOTES
            line = record or line
        if fault is not None:
            reject(fault, number, line[:200].decode(errors="replace"))
        elif line.strip(blank):
            target.write(b"%d%b%b\n" % (number, delimiter, line))
            rows += 1


def _regular(quote: bytes, delimiter: bytes) -> re.Pattern[bytes]:
    """Matches a line whose fields are completely quoted, or have no quote."""
    q, d = re.escape(quote), re.escape(delimiter)
    field = b"(?:[^%b%b]*+|%b(?:[^%b]|%b%b)*+%b)" % (q, d, q, q, q, q, q)
    return re.compile(b"%b(?:%b%b)*+" % (field, d, field))


def _unreadable(line: bytes) -> Fault | None:
    if len(line) > LONGEST_LINE:
        return TOO_LONG
    try:
        line.decode()
    except UnicodeDecodeError:
        return NOT_UTF8
    return None


def _record(
    line: bytes,
    dialect: Dialect,
    numbered: Iterator[tuple[int, bytes]],
    again: deque[tuple[int, bytes]],
) -> bytes | None:
    """Return the record that begins with a line, or None if it is not a valid one.

    Lines that do not belong to it are put back.
    """
    if _is_record(line, dialect):
        return line
    quote = dialect.quote.encode()
    odd = line.count(quote) % 2
    taken: list[tuple[int, bytes]] = []
    record = line
    while odd and len(taken) < _MOST_LINES:
        following = again.popleft() if again else next(numbered, None)
        if following is None:
            break
        taken.append(following)
        record += b"\n" + following[1]
        if following[1].count(quote) % 2:
            # The quotes are closed here, whether or not this is a record.
            if _is_record(record, dialect):
                return record
            break
        if len(record) > LONGEST_LINE or _unreadable(following[1]):
            break
    again.extendleft(reversed(taken))
    return None


def _is_record(record: bytes, dialect: Dialect) -> bool:
    try:
        rows = dialect.split(record.decode())
    except (csv.Error, UnicodeDecodeError):
        return False
    return len(rows) == 1 and len(rows[0]) == len(dialect.header)
