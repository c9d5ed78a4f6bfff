"""The layouts of transaction files: how each is told apart, and how a row becomes a transaction."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import msgspec

from pipeline.model import Transaction
from pipeline.text.ready_type import ready

from .file_lines import FileLines
from .identity import user_id

_MIN_INT64: Final = -(2**63)
_MAX_INT64: Final = 2**63 - 1
# Of YYYY-MM-DD HH:MM:SS: a date alone is not taken for midnight.
_TIME_LENGTH: Final = 19

cached_user_id = lru_cache(maxsize=100_000)(user_id)


@dataclass(frozen=True, slots=True)
class UnreadableRow:
    """A row that is no transaction: its `line` in the file, from 1, and why."""

    line: int
    reason: str


Row = Transaction | UnreadableRow
ParseRows = Callable[[Iterator[str]], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class Layout:
    """One kind of file.

    Attributes:
        name: What the user reads.
        lacks: By a file's first line, the columns it lacks to be of this layout: none if it is,
            None if it looks nothing like it.
        rows: From all lines of the file, the first included, to rows.
    """

    name: str
    lacks: Callable[[str], frozenset[str] | None]
    rows: ParseRows


class _BadValueError(ValueError):
    """A field does not hold what it should."""


class _WidthError(_BadValueError):
    """A row has more or fewer fields than the header."""


def _integer(text: str, name: str) -> int:
    try:
        number = int(_plain(text))
    except ValueError:
        raise _BadValueError(f"{name} is {text[:40]!r}, not a whole number") from None
    if not _MIN_INT64 <= number <= _MAX_INT64:
        raise _BadValueError(f"{name} {number} does not fit into 64 bits")
    return number


def _amount(text: str) -> float:
    try:
        amount = float(_plain(text))
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount):
        raise _BadValueError(f"amt is {text[:40]!r}, not an amount")
    return amount


def _plain(text: str) -> str:
    """Python reads `1_0` as ten; nobody else does."""
    if "_" in text:
        raise ValueError
    return text


def _time(text: str) -> datetime:
    try:
        if len(text) < _TIME_LENGTH:
            raise ValueError
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _BadValueError(f"the time is {text[:40]!r}, not YYYY-MM-DD HH:MM:SS") from None
    if moment.tzinfo is not None:
        raise _BadValueError(f"the time {text[:40]!r} has a zone; event times have none")
    return moment.replace(microsecond=0)


def _flag(text: str) -> int:
    if text not in ("0", "1"):
        raise _BadValueError(f"is_fraud is {text[:40]!r}, not 0 or 1")
    return int(text)


def _delimited(delimiter: str, time_fields: tuple[str, ...], zip_field: str) -> ParseRows:
    """Rows of a file with a header; fields are found by name, in whatever order they come."""

    def rows(source: Iterator[str]) -> Iterator[Row]:
        lines = FileLines(source)
        reader = csv.reader(lines, delimiter=delimiter, strict=True)
        header = next(reader)
        at = {name: index for index, name in enumerate(header)}
        times = [at[name] for name in time_fields]
        zipcode, width = at[zip_field], len(header)
        user = at.get("user_id")
        fields = ("cc_num", "merchant", "category", "amt", "first", "last", "dob", "trans_num")
        card, merchant, category, amount, first, last, dob, number = (at[name] for name in fields)
        fraud = at["is_fraud"]

        def parse(row: Sequence[str]) -> Transaction:
            if len(row) != width:
                raise _WidthError(f"{len(row)} fields where the header has {width}")
            cc_num = _integer(row[card], "cc_num")
            moment = row[times[0]] if len(times) == 1 else " ".join(row[i] for i in times)
            return Transaction(
                trans_date_trans_time=_time(moment),
                cc_num=cc_num,
                merchant=row[merchant],
                category=row[category],
                amt=_amount(row[amount]),
                first=row[first],
                last=row[last],
                zipcode=row[zipcode],
                dob=row[dob],
                trans_num=row[number],
                is_fraud=_flag(row[fraud]),
                user_id=(
                    cached_user_id(cc_num) if user is None else _integer(row[user], "user_id")
                ),
            )

        yield from _each(lines, reader, parse)

    return rows


def _each(
    lines: FileLines, reader: Iterator[list[str]], parse: Callable[[list[str]], Transaction]
) -> Iterator[Row]:
    """Parse row by row; a bad one becomes a BadRow with the line it begins on."""
    while True:
        line = lines.begin_row()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            lines.rewind()
            yield UnreadableRow(line, f"a quote or line end is out of place ({error})")
            continue
        if not row:
            continue
        try:
            yield parse(row)
        except _WidthError as error:
            lines.rewind()
            yield UnreadableRow(line, str(error))
        except _BadValueError as error:
            yield UnreadableRow(line, str(error))


def _json_rows(lines: Iterator[str]) -> Iterator[Row]:
    decoder = msgspec.json.Decoder(ready(Transaction))
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            transaction = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            yield UnreadableRow(number, str(error))
            continue
        reason = _unsound(transaction)
        yield UnreadableRow(number, reason) if reason else _whole_seconds(transaction)


def _unsound(transaction: Transaction) -> str:
    """What is wrong with a transaction whose fields have the right types."""
    if transaction.trans_date_trans_time.tzinfo is not None:
        return "the time has a zone; event times have none"
    if transaction.is_fraud not in (0, 1):
        return f"is_fraud is {transaction.is_fraud}, not 0 or 1"
    return ""


def _whole_seconds(transaction: Transaction) -> Transaction:
    """Event times are whole seconds, as the other layouts read them."""
    moment = transaction.trans_date_trans_time
    if not moment.microsecond:
        return transaction
    return msgspec.structs.replace(transaction, trans_date_trans_time=moment.replace(microsecond=0))


_COMMON: Final = frozenset(
    ("cc_num", "merchant", "category", "amt", "first", "last", "dob", "trans_num", "is_fraud")
)


def _header(delimiter: str, *fields: str) -> Callable[[str], frozenset[str] | None]:
    needed = _COMMON.union(fields)

    def lacks(line: str) -> frozenset[str] | None:
        try:
            found = next(csv.reader([line], delimiter=delimiter, strict=True), [])
        except csv.Error:
            return None
        lacking = needed.difference(found)
        return lacking if len(lacking) <= len(needed) // 2 else None

    return lacks


def _json_object(line: str) -> frozenset[str] | None:
    return frozenset() if line.lstrip().startswith("{") else None


LAYOUTS: Final = (
    Layout(
        "credit card transactions CSV (trans_date_trans_time,cc_num,merchant,…,is_fraud)",
        _header(",", "trans_date_trans_time", "zip"),
        _delimited(",", ("trans_date_trans_time",), "zip"),
    ),
    Layout(
        "pipe-separated generator output (ssn|cc_num|first|…|trans_date|trans_time|…)",
        _header("|", "trans_date", "trans_time", "zip"),
        _delimited("|", ("trans_date", "trans_time"), "zip"),
    ),
    Layout(
        'JSON lines in the topic\'s own format ({"trans_date_trans_time":…,"user_id":…})',
        _json_object,
        _json_rows,
    ),
)
