"""A buffer of a topic's records, bounded in number and in bytes."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from tui.table.filter import Filter

from .record_view import RecordFields, RecordView


class RecordBuffer:
    """Records in the order in which they were added.

    Args:
        most: Maximum number of records.
        most_bytes: Maximum bytes of values; a single record always fits.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._records: deque[RecordView] = deque()
        self._bytes = 0
        self._published: tuple[RecordView, ...] | None = ()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._records)

    @property
    def room(self) -> int:
        """The number of records that can be added without dropping any."""
        return 0 if self._bytes >= self._most_bytes else max(0, self._most - len(self._records))

    @property
    def records(self) -> tuple[RecordView, ...]:
        """All records, oldest first; the same tuple until something changes."""
        if self._published is None:
            self._published = tuple(self._records)
        return self._published

    def add(self, records: Iterable[RecordView]) -> None:
        """Add records; the oldest are dropped when there are too many."""
        for record in records:
            self._published = None
            self._records.append(record)
            self._bytes += _size(record)
            while len(self._records) > self._most or (
                self._bytes > self._most_bytes and len(self._records) > 1
            ):
                self._drop()

    def make_room(self) -> None:
        for _ in range(max(1, len(self._records) // 2)):
            self._drop()

    def clear(self) -> None:
        self._records.clear()
        self._published = ()
        self._bytes = 0
        self.dropped = 0

    def _drop(self) -> None:
        if self._records:
            self._published = None
            self._bytes -= _size(self._records.popleft())
            self.dropped += 1


def matching(records: Iterable[RecordView], wanted: Filter) -> list[RecordView]:
    if not wanted:
        return list(records)
    return [record for record in records if wanted.matches(RecordFields(record))]


def _size(record: RecordView) -> int:
    return len(record.value) if isinstance(record.value, bytes) else 0
