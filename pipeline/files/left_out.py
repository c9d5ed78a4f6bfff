"""Rows of files that are not sent, with position and reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from pipeline.sources.masking import masked
from pipeline.text.words import counted

EXAMPLES: Final = 20
"""The most examples of a fault."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of a row.

    Attributes:
        what: In words: `amt is not an amount`.
        invalid: Whether the row can be read, but would be invalid on the topic.
        hint: What to do about it; may be empty.
    """

    what: str
    invalid: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LeftOutRow:
    """A row that is not sent.

    Attributes:
        file: Name of its file for the user.
        place: Position in the file: `line 3`.
        reason: The fault, with the value.
    """

    file: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """All rows with a fault.

    Attributes:
        fault: The fault.
        rows: Number of rows.
        examples: The first of them.
    """

    fault: Fault
    rows: int
    examples: tuple[LeftOutRow, ...]

    @property
    def words(self) -> str:
        """One line: `2 rows: amt is not an amount (a.csv, line 3: 'dear')`."""
        first = self.examples[0]
        said = first.reason.removeprefix(self.fault.what).removeprefix(": ")
        example = f": {said}" if said else ""
        return (
            f"{counted(self.rows, 'row')}: {self.fault.what} ({first.file}, {first.place}{example})"
        )


@dataclass(slots=True)
class LeftOutRows:
    """Counts rows by fault, with examples of each.

    Attributes:
        sensitive: The columns whose values no example quotes. If there are any, none quotes a part
            of a row whose columns cannot be told apart.
    """

    sensitive: frozenset[str] = frozenset()
    _counts: dict[Fault, int] = field(default_factory=dict)
    _examples: dict[Fault, list[LeftOutRow]] = field(default_factory=dict)

    def add(
        self,
        fault: Fault,
        file: str,
        place: str,
        example: str = "",
        *,
        column: str | None = None,
        rows: int = 1,
    ) -> None:
        """Count rows of a fault, and add the first as an example.

        Args:
            fault: What is wrong with them.
            file: Name of their file.
            place: Position of the first one.
            example: What the first one has there.
            column: The column of which that is the value; None for a part of the row.
            rows: Number of rows.
        """
        self._counts[fault] = self._counts.get(fault, 0) + rows
        examples = self._examples.setdefault(fault, [])
        if len(examples) < EXAMPLES:
            if example and (column in self.sensitive or (self.sensitive and column is None)):
                said = f": {masked(example)}"
            else:
                said = f": {example!r}" if example else ""
            examples.append(LeftOutRow(file, place, f"{fault.what}{said}"))

    def count(self, fault: Fault, rows: int) -> None:
        """Count further rows of a fault that has an example already."""
        self._counts[fault] = self._counts.get(fault, 0) + rows

    def all(self) -> tuple[LeftOut, ...]:
        """All rows by fault, the most frequent first."""
        return tuple(
            LeftOut(fault, rows, tuple(self._examples[fault]))
            for fault, rows in sorted(self._counts.items(), key=lambda item: -item[1])
        )
