"""The fields of a source's records as a schema has them, which may hold less than the columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from .declaration import Source

BINARY: Final = "binary"
"""The type of a field that holds a column of text as its bytes in UTF-8."""


@dataclass(frozen=True, slots=True)
class WrittenFields:
    """The fields into which the columns of a source are written.

    Attributes:
        types: By column, the Ibis type of its field; a column without a field is not written.
        never_null: The columns whose fields cannot be null.
        texts: The texts that fields can hold, by column, if they cannot hold all.
    """

    types: Mapping[str, str]
    never_null: Collection[str]
    texts: Mapping[str, Collection[str]] = field(default_factory=dict)

    @classmethod
    def of(cls, source: Source) -> Self:
        """Return fields that hold whatever the columns of a valid record hold."""
        return cls(source.written, source.required)

    def narrower(self, source: Source) -> dict[str, str]:
        """Return the types of the fields that hold other values than their columns."""
        written = source.written
        return {name: dtype for name, dtype in self.types.items() if dtype != written[name]}
