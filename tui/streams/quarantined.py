"""The latest invalid records, and their number by kind."""

from __future__ import annotations

import heapq
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .record_view import RecordView

_MOST: Final = 500
# For a value of a megabyte, its beginning is enough.
_LONGEST_VALUE: Final = 4 * 1024


@dataclass(frozen=True, slots=True)
class BadRow:
    """One invalid record.

    Attributes:
        record: The record in Kafka; a long value is truncated.
        kind: What is wrong with it, in two or three words.
        reason: The same as a sentence.
    """

    record: RecordView
    kind: str
    reason: str

    @property
    def place(self) -> tuple[str, int, int]:
        """Topic, partition and offset, which identify the row."""
        return self.record.topic, self.record.partition, self.record.offset


@dataclass(frozen=True, slots=True)
class Quarantine:
    """The invalid records that the console has read.

    Attributes:
        rows: The latest records, newest first.
        kinds: The number of records of each kind, most frequent first.
        total: The number of all records.
    """

    rows: tuple[BadRow, ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    total: int = 0

    def with_others(self, others: Quarantine) -> Quarantine:
        """Return this together with others; this one itself if there are none."""
        if not others.total:
            return self
        rows = heapq.merge(self.rows, others.rows, key=_arrived, reverse=True)
        kinds = Counter(dict(self.kinds)) + Counter(dict(others.kinds))
        return Quarantine(tuple(rows), _commonest(kinds), self.total + others.total)


def _arrived(row: BadRow) -> int:
    return row.record.timestamp_ms


def _commonest(kinds: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


@dataclass
class QuarantineBuffer:
    """Counts all invalid records, and holds the latest."""

    _rows: deque[BadRow] = field(default_factory=lambda: deque(maxlen=_MOST))
    _kinds: Counter[str] = field(default_factory=Counter)
    _answer: Quarantine = field(default_factory=Quarantine)

    def apply(self, rows: Iterable[BadRow]) -> None:
        for row in rows:
            self._kinds[row.kind] += 1
            self._rows.append(BadRow(row.record.shortened(_LONGEST_VALUE), row.kind, row.reason))

    def snapshot(self) -> Quarantine:
        """Return a snapshot; the same object until a record is added."""
        total = self._kinds.total()
        if total != self._answer.total:
            rows = tuple(reversed(self._rows))
            self._answer = Quarantine(rows, _commonest(self._kinds), total)
        return self._answer
