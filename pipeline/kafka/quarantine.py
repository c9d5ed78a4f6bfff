"""Validates records of a source: which are invalid, of what kind, and why.

Invalid records reach no job: `features.validity` filters them in Flink by the same rules. They stay
in Kafka, so that their coordinates are enough to find them again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isnan, nextafter
from operator import attrgetter
from typing import Any, Final

from pipeline import contract
from pipeline.contract import Transaction
from pipeline.formats.decoder import Decoder
from pipeline.formats.json.decoder import JsonDecoder
from pipeline.formats.json.flink_json import strict_decoder
from pipeline.formats.kinds import Fault, Kind
from pipeline.sources import TRANSACTION, Source
from pipeline.sources.column_types import is_whole
from pipeline.sources.labels import IN_WORDS, is_label
from pipeline.sources.masking import masked
from pipeline.text.words import counted

from .records import Record

_EMPTY: Final[Fault] = (Kind.EMPTY, "the value is empty, as in a tombstone")
_EPOCH: Final = datetime(1970, 1, 1)
_SECONDS_END: Final = 100_000_000_000
"""In milliseconds this is 1973, long before Kafka; in seconds it is the year 5138."""
_TO_INFINITY: Final = nextafter(2.0**128 - 2.0**103, 0)
"""What is larger than this is infinite in 32 bits."""


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
    """Validate records of the transaction topic.

    Args:
        records: Of the transaction topic.

    Returns:
        The transactions as the jobs see them, each with its record; and the invalid records.
    """
    decoder = JsonDecoder(TRANSACTION, strict_decoder(Transaction), Transaction)
    return validate_rows(records, decoder)


def validate_rows(
    records: Iterable[Record], decoder: Decoder
) -> tuple[list[tuple[Record, Any]], list[Quarantined]]:
    """Validate records of any source, as `validate` does.

    Args:
        records: Of the source's topic.
        decoder: The decoder of the source.

    Returns:
        The rows as the jobs see them, with an attribute for each column, each with its record; and
        the invalid records.

    Raises:
        UnavailableError: The records refer to a schema registry, which does not answer.
    """
    rule = _Rule(decoder.source)
    decode = decoder.usual
    good: list[tuple[Record, Any]] = []
    bad: list[Quarantined] = []
    for record in records:
        row = decode(record.value)
        if row is None or rule.lacks(row):
            # Flink is more lenient: it accepts a number in quotes in JSON, for example.
            row = decoder.closely(record.value) if record.value else _EMPTY
            if isinstance(row, tuple):
                bad.append(Quarantined(record, *row))
                continue
        found = rule.broken_by(row, record)
        if found is None:
            good.append((record, row))
        else:
            bad.append(Quarantined(record, *found))
    return good, bad


class _Rule:
    """What makes a record of a source valid, as `features.validity` has it.

    Args:
        source: The source.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._columns = source.columns
        # With a second name it returns a tuple, and its time is required of each source.
        self._required = attrgetter(source.time, *source.required)
        self._texts = [name for name, dtype in source.schema if dtype == "string"]
        self._numbers = [
            (name, _TO_INFINITY if dtype == "float32" else contract.MOST_NUMBER)
            for name, dtype in source.schema
            if dtype.startswith("float") and name != source.amount
        ]
        label = source.label
        self._flag = label if label and is_whole(self._columns[label]) else None
        self._label = label if label and self._columns[label] == "string" else None

    def lacks(self, row: Any) -> bool:
        """Whether a required column is null."""
        return None in self._required(row)

    def _shown(self, name: str | None, written: object) -> object:
        """A value in a reason, which is read, logged and copied in many places."""
        return masked(written) if name in self._source.sensitive else written

    def broken_by(self, row: Any, record: Record) -> Fault | None:
        """Why a row without nulls in required columns is invalid; None when it is valid."""
        source = self._source
        time = getattr(row, source.time)
        if time < contract.EARLIEST:
            return Kind.PAST, f"{source.time} is {time}"
        if time > _EPOCH + timedelta(milliseconds=record.timestamp_ms) + contract.MOST_AHEAD:
            return _too_new(source, time, record.timestamp_ms)
        amount = None if source.amount is None else getattr(row, source.amount)
        if amount is not None and (isnan(amount) or abs(amount) > contract.MOST_AMOUNT):
            return Kind.AMOUNT, f"{source.amount} is {self._shown(source.amount, f'{amount:g}')}"
        for name, most in self._numbers:
            number = getattr(row, name)
            if number is not None and not abs(number) <= most:
                shown = self._shown(name, f"{number:g}")
                return Kind.WRONG_TYPE, f"{name} is {shown}, which no sum could hold"
        flag = None if self._flag is None else getattr(row, self._flag)
        if flag not in (None, 0, 1):
            return Kind.FLAG, f"{self._flag} is {self._shown(self._flag, flag)}"
        written = None if self._label is None else getattr(row, self._label)
        if written is not None and not is_label(written):
            shown = self._shown(self._label, repr(written[:60]))
            return Kind.FLAG, f"{self._label} is {shown}, not {IN_WORDS}"
        for name in self._texts:
            text = getattr(row, name)
            if text is not None and len(text) > contract.MOST_CHARACTERS:
                return Kind.LONG, f"{name} has {counted(len(text), 'character')}"
        return None


def _too_new(source: Source, time: datetime, timestamp_ms: int) -> Fault:
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
    return Kind.FUTURE, f"{source.time} is {time}"
