"""What makes the values of records of the rows of files; each format has its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from pipeline.sources import Source
from pipeline.sources.written_fields import WrittenFields

from .records_sql import in_fields, in_text


class Encoder(Protocol):
    """Makes the values of a source's records."""

    @property
    def fields(self) -> WrittenFields:
        """The fields of the records."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What it needs of each row, as SQL over `value` and `__time`, the event time."""

    def values(self, columns: Sequence[pa.Array]) -> Sequence[bytes]:
        """Return the values of the records of some rows.

        Args:
            columns: What `columns` are of these rows.

        Raises:
            InputError: They cannot be written with the schema of the topic.
        """


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """Has DuckDB make the records, in JSON or CSV.

    Attributes:
        source: The source.
    """

    source: Source

    @property
    def fields(self) -> WrittenFields:
        """See `Encoder`."""
        return WrittenFields.of(self.source)

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Encoder`: the record itself."""
        return (in_text(self.source),)

    def values(self, columns: Sequence[pa.Array]) -> Sequence[bytes]:
        """See `Encoder`."""
        (records,) = columns
        found: Sequence[bytes] = records.to_numpy(zero_copy_only=False)
        return found


@dataclass(frozen=True, slots=True)
class RowEncoder:
    """Makes the records one by one.

    Attributes:
        source: The source.
        fields: The fields of the records.
        encode: Makes the value of a record of its fields. Those of `in_fields` are times as
            numbers or texts, dates as days since 1970, and decimals.
    """

    source: Source
    fields: WrittenFields
    encode: Callable[[Mapping[str, Any]], bytes]

    @property
    def columns(self) -> tuple[str, ...]:
        """See `Encoder`: the fields."""
        return tuple(in_fields(self.source, self.fields).values())

    def values(self, columns: Sequence[pa.Array]) -> Sequence[bytes]:
        """See `Encoder`."""
        names = tuple(self.fields.types)
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        return [self.encode(dict(zip(names, row, strict=True))) for row in rows]
