"""How files hold the records of a source under other names than its columns."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileMapping:
    """A layout of files, by the columns that differ.

    Attributes:
        name: Name for the user, such as `bank export`.
        fields: By column of the source, a column of the file or a DuckDB expression over those.
    """

    name: str
    fields: tuple[tuple[str, str], ...]
