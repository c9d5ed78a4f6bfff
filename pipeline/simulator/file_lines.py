"""Lines of a file that can be gone back over, with their numbers."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator


class FileLines:
    """Lines for a reader whose rows may span several of them.

    A stray quote makes a CSV reader swallow the sound lines after it. Once a row has turned out to
    be damaged, `rewind` gives those lines back, so that one bad line costs one row.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._again: deque[str] = deque()
        self._taken: list[str] = []
        self._before = 0

    def __iter__(self) -> FileLines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        return line

    def begin_row(self) -> int:
        """Take note that a row begins; the number of its first line, from 1."""
        self._before += len(self._taken)
        self._taken.clear()
        return self._before + 1

    def rewind(self) -> None:
        """Give back all lines of the row but its first."""
        self._again.extendleft(reversed(self._taken[1:]))
        del self._taken[1:]
