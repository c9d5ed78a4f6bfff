"""The latest records that are no transactions, and how many there were of each kind."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from .record_view import RecordView

_MOST: Final = 500
# Of a value of a megabyte it is enough to see how it begins.
_LONGEST_VALUE: Final = 4 * 1024


@dataclass(frozen=True, slots=True)
class BadRow:
    """One quarantined record.

    Attributes:
        record: With its place in Kafka; of a long value how it begins.
        kind: What is wrong with it, in two or three words.
        reason: The same in a sentence.
    """

    record: RecordView
    kind: str
    reason: str

    @property
    def place(self) -> tuple[int, int]:
        """Its partition and offset, which tell it from others."""
        return self.record.partition, self.record.offset


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What is quarantined, as far as the console has read.

    Attributes:
        rows: The latest, newest first.
        kinds: How many of each kind, most first.
        total: How many in all.
    """

    rows: tuple[BadRow, ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    total: int = 0


@dataclass
class QuarantineBuffer:
    """Counts all, and keeps the latest."""

    _rows: deque[BadRow] = field(default_factory=lambda: deque(maxlen=_MOST))
    _kinds: Counter[str] = field(default_factory=Counter)
    _answer: Quarantine = field(default_factory=Quarantine)

    def apply(self, rows: Iterable[BadRow]) -> None:
        for row in rows:
            self._kinds[row.kind] += 1
            self._rows.append(BadRow(row.record.shortened(_LONGEST_VALUE), row.kind, row.reason))

    def snapshot(self) -> Quarantine:
        """As it is now; the same object as long as nothing came."""
        total = self._kinds.total()
        if total != self._answer.total:
            kinds = sorted(self._kinds.items(), key=lambda item: (-item[1], item[0]))
            self._answer = Quarantine(tuple(reversed(self._rows)), tuple(kinds), total)
        return self._answer
