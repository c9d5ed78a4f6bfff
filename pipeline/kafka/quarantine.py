"""Validates records of the transaction topic: which are invalid, of what kind, and why.

Invalid records reach no job: `features.validity` filters them in Flink by the same rules. They stay
in Kafka, so that their coordinates are enough to find them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import isnan
from typing import Any, Final

from pipeline import contract
from pipeline.model import Transaction
from pipeline.text.malformed import MALFORMED

from .flink_json import read_fields, read_leniently, strict_decoder
from .records import Record

_EPOCH: Final = datetime(1970, 1, 1)
_SECONDS_END: Final = 100_000_000_000
"""In milliseconds this is 1973, long before Kafka; in seconds it is the year 5138."""
_TEXTS: Final = tuple(
    name for name, kind in contract.TRANSACTION_FIELDS.items() if kind == "string"
)
_IN_WORDS: Final = {
    "timestamp(3)": "YYYY-MM-DD HH:MM:SS",
    "int64": "a 64-bit whole number",
    "int32": "a whole number",
    "float64": "a number",
    "string": "text",
}


class Kind(StrEnum):
    """What is wrong with a record, in the order in which it is checked."""

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
    """An invalid record, which no feature sees.

    Attributes:
        record: The record in Kafka.
        kind: What is wrong with it.
        reason: The details, in words.
    """

    record: Record
    kind: Kind
    reason: str


def validate(
    records: Iterable[Record],
) -> tuple[list[tuple[Record, Transaction]], list[Quarantined]]:
    """Validate records.

    Args:
        records: Of the transaction topic.

    Returns:
        The transactions as the jobs see them, each with its record; and the invalid records.
    """
    decode = strict_decoder(Transaction)
    good: list[tuple[Record, Transaction]] = []
    bad: list[Quarantined] = []
    for record in records:
        row = decode(record.value)
        found = _invalid(row, record) if row is not None else None
        if row is None:
            # Flink is more lenient: it accepts a number in quotes, for example.
            row, found = _validate_leniently(record)
        if row is not None and found is None:
            good.append((record, row))
        elif found is not None:
            bad.append(Quarantined(record, *found))
    return good, bad


def _validate_leniently(record: Record) -> tuple[Transaction | None, tuple[Kind, str] | None]:
    if not record.value:
        return None, (Kind.EMPTY, "the value is empty, as in a tombstone")
    try:
        fields = read_fields(record.value)
    except MALFORMED as error:
        return None, (Kind.NOT_JSON, str(error))
    if fields is None:
        return None, (Kind.NOT_OBJECT, "the value is JSON, but not an object")
    columns = read_leniently(record.value, contract.TRANSACTION_FIELDS)
    if columns is None:
        return None, (Kind.NOT_JSON, "a string in it is not UTF-8")
    for name in contract.TRANSACTION_FIELDS:
        if columns.get(name) is None:
            written = bytes(fields.get(name, b"null")).decode(errors="replace").strip()
            if written == "null":
                missing = "is null" if name in fields else "is missing"
                return None, (Kind.MISSING, f"{name} {missing}")
            wanted = _IN_WORDS[contract.TRANSACTION_FIELDS[name]]
            return None, (Kind.WRONG_TYPE, f"{name} is {written[:60]}, not {wanted}")
    row = Transaction(**columns)
    return row, _invalid(row, record)


def _invalid(row: Transaction, record: Record) -> tuple[Kind, str] | None:
    """Why a transaction that can be decoded must not reach a feature; None when it may."""
    time: Any = row.trans_date_trans_time
    if time < contract.EARLIEST:
        return Kind.PAST, f"{contract.TIME_COLUMN} is {time}"
    if time > _EPOCH + timedelta(milliseconds=record.timestamp_ms) + contract.MOST_AHEAD:
        return _too_new(time, record.timestamp_ms)
    if isnan(row.amt) or abs(row.amt) > contract.MOST_AMOUNT:
        return Kind.AMOUNT, f"amt is {row.amt:g}"
    if row.is_fraud not in (0, 1):
        return Kind.FLAG, f"is_fraud is {row.is_fraud}"
    for name in _TEXTS:
        if len(getattr(row, name)) > contract.MOST_CHARACTERS:
            return Kind.LONG, f"{name} has {len(getattr(row, name)):,} characters"
    return None


def _too_new(time: datetime, timestamp_ms: int) -> tuple[Kind, str]:
    """Say why the event time is after the record's timestamp, or that the timestamp is wrong."""
    if timestamp_ms <= 0:
        return Kind.TIMESTAMP, (
            f"the record has no Kafka timestamp ({timestamp_ms}) to check its time against"
        )
    if timestamp_ms < _SECONDS_END:
        seen = _EPOCH + timedelta(milliseconds=timestamp_ms)
        return Kind.TIMESTAMP, (
            f"the record's Kafka timestamp is {seen:%Y-%m-%d %H:%M}, as if its producer sent "
            f"seconds ({timestamp_ms:,}) instead of milliseconds"
        )
    return Kind.FUTURE, f"{contract.TIME_COLUMN} is {time}"
