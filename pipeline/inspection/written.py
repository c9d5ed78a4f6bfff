"""How the records of a topic are written: what reads them, and what the declaration says of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.errors import InputError
from pipeline.formats.decoder import Decoder
from pipeline.kafka.records import Record
from pipeline.sources import Source

from .fields import Field
from .flattened import Columns, Row

Decoded = Sequence[tuple[Record, Row]]
"""Records, and the values of their columns."""


@dataclass(frozen=True, slots=True)
class Told:
    """What records do not say of themselves.

    Attributes:
        schema: An Avro schema or a .proto file, by which they are written; None if nothing is told.
        message: The message of the .proto file; empty for its only one.
        columns: Names of the fields of records in CSV; empty if nothing is told.
    """

    schema: Path | None = None
    message: str = ""
    columns: tuple[str, ...] = ()


NOTHING = Told()


class Written(Protocol):
    """How records are written.

    Attributes:
        format: The source's format.
        named: Whether the names of the fields were given by the producer or told.
        arguments: Further arguments of `source`, as they are printed.
        said: Sentences on where the names or the types come from.
        never_required: Columns that cannot be required.
        never_time: Columns that cannot be the time.
    """

    format: str
    named: bool
    arguments: Mapping[str, str]
    said: Sequence[str]
    never_required: Collection[str]
    never_time: Collection[str]

    def decoded(self, records: Sequence[Record]) -> tuple[Decoded, Columns]:
        """Return the records that can be read, by column, and where the columns are."""

    def fields(self, decoded: Decoded, columns: Columns) -> list[Field]:
        """Return the fields of decoded records, of which there are some."""

    def declared(self) -> Mapping[str, Any]:
        """Return the further arguments of `source`, as they are given to it."""

    def require(self, found: Source) -> None:
        """Return if a source reads the records.

        Raises:
            InputError: No declaration can.
        """

    def decoder(self, found: Source) -> Decoder:
        """Return what decodes the records as Flink does."""

    def undecoded(self, records: Sequence[Record]) -> InputError:
        """Return the error that none of these records can be read."""


def none_of(name: str, one: str, count: int) -> tuple[str, str]:
    """Return the beginning of a sentence on records that are all not something, and its verb.

    Args:
        name: Name of the topic or the file.
        one: What one of them is called.
        count: Number of records.
    """
    if count == 1:
        return f"The only {one} of {name}", "is not"
    return f"None of {count:,} {one}s of {name}", "is"


def framed(records: Sequence[Record]) -> list[Record]:
    """Return the records that may begin with the id of a schema."""
    return [record for record in records if record.value and not record.value[0]]
