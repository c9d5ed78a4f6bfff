"""Records of the transaction topic that are no transactions: which, of what kind, and why.

They harm nobody: `features.validity` keeps them from the jobs, with the same rules as here. Kafka
keeps them, so it is enough to know their coordinates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import isnan
from typing import Any, Final

import msgspec

from pipeline import contract
from pipeline.model import Transaction
from pipeline.text.malformed import MALFORMED

from .lenient import read_fields, read_leniently
from .records import Record

_EPOCH: Final = datetime(1970, 1, 1)
_SECONDS_END: Final = 100_000_000_000
"""As milliseconds this is 1973, long before Kafka; as seconds it is the year 5138."""
# Another form of time that msgspec reads and Flink does not.
_ISO_TIME: Final = re.compile(rb"-[0-9]{2}[Tt_][0-9]{2}:")
_TEXTS: Final = tuple(
    name for name, kind in contract.TRANSACTION_FIELDS.items() if kind == "string"
)
_IN_WORDS: Final = {
    "timestamp(3)": "YYYY-MM-DD HH:MM:SS",
    "int64": "a whole number of 64 bits",
    "int32": "a whole number",
    "float64": "a number",
    "string": "a text",
}


class Kind(StrEnum):
    """What is wrong with a record, in the order in which it is looked for."""

    EMPTY = "no value"
    NOT_JSON = "not JSON"
    NOT_OBJECT = "no JSON object"
    MISSING = "field missing"
    WRONG_TYPE = "wrong type"
    PAST = "time before 1970"
    FUTURE = "time in the future"
    TIMESTAMP = "odd Kafka timestamp"
    AMOUNT = "amount out of range"
    FLAG = "flag not 0 or 1"
    LONG = "text too long"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A record that no feature sees.

    Attributes:
        record: As it is in Kafka.
        kind: What is wrong with it.
        reason: The same about this record, for a person.
    """

    record: Record
    kind: Kind
    reason: str


def sort_out(
    records: Iterable[Record],
) -> tuple[list[tuple[Record, Transaction]], list[Quarantined]]:
    """Tell transactions from what is none.

    Args:
        records: Of the transaction topic.

    Returns:
        The transactions, each with its record, as the jobs see them; and the rest.
    """
    decode = msgspec.json.Decoder(Transaction).decode
    good: list[tuple[Record, Transaction]] = []
    bad: list[Quarantined] = []
    for record in records:
        value = record.value
        row: Transaction | None = None
        if value and not _ISO_TIME.search(value):
            try:
                row = decode(value)
            except MALFORMED:
                row = None
        found = _harm(row, record) if row is not None else None
        if row is None:
            # Not as it should be, but Flink takes a number in quotes, for one.
            row, found = _second_look(record)
        if row is not None and found is None:
            good.append((record, row))
        elif found is not None:
            bad.append(Quarantined(record, *found))
    return good, bad


def _second_look(record: Record) -> tuple[Transaction | None, tuple[Kind, str] | None]:
    if not record.value:
        return None, (Kind.EMPTY, "an empty value, as a tombstone has")
    try:
        fields = read_fields(record.value)
    except MALFORMED as error:
        return None, (Kind.NOT_JSON, str(error))
    if fields is None:
        return None, (Kind.NOT_OBJECT, "JSON, but no object")
    columns = read_leniently(record.value, contract.TRANSACTION_FIELDS)
    if columns is None:
        return None, (Kind.NOT_JSON, "a text in it is not UTF-8")
    for name in contract.TRANSACTION_FIELDS:
        if columns.get(name) is None:
            written = bytes(fields.get(name, b"null")).decode(errors="replace").strip()
            if written == "null":
                missing = "is null" if name in fields else "is not there"
                return None, (Kind.MISSING, f"{name} {missing}")
            wanted = _IN_WORDS[contract.TRANSACTION_FIELDS[name]]
            return None, (Kind.WRONG_TYPE, f"{name} is {written[:60]}, not {wanted}")
    row = Transaction(**columns)
    return row, _harm(row, record)


def _harm(row: Transaction, record: Record) -> tuple[Kind, str] | None:
    """Why a transaction that can be read must not be used."""
    time: Any = row.trans_date_trans_time
    if time < contract.EARLIEST:
        return Kind.PAST, f"{contract.TIME_COLUMN} is {time}"
    if time > _EPOCH + timedelta(milliseconds=record.timestamp_ms) + contract.MOST_AHEAD:
        return _ahead(time, record.timestamp_ms)
    if isnan(row.amt) or abs(row.amt) > contract.MOST_AMOUNT:
        return Kind.AMOUNT, f"amt is {row.amt:g}"
    if row.is_fraud not in (0, 1):
        return Kind.FLAG, f"is_fraud is {row.is_fraud}"
    for name in _TEXTS:
        if len(getattr(row, name)) > contract.MOST_CHARACTERS:
            return Kind.LONG, f"{name} has {len(getattr(row, name)):,} characters"
    return None


def _ahead(time: datetime, timestamp_ms: int) -> tuple[Kind, str]:
    """Why a time is after the record's own timestamp, be it that the timestamp errs."""
    if timestamp_ms <= 0:
        return Kind.TIMESTAMP, (
            f"Kafka has no timestamp of the record ({timestamp_ms}) to check its time against"
        )
    if timestamp_ms < _SECONDS_END:
        seen = _EPOCH + timedelta(milliseconds=timestamp_ms)
        return Kind.TIMESTAMP, (
            f"Kafka's timestamp of the record is {seen:%Y-%m-%d %H:%M}, as if its producer gave "
            f"seconds ({timestamp_ms:,}) where Kafka wants milliseconds"
        )
    return Kind.FUTURE, f"{contract.TIME_COLUMN} is {time}"
