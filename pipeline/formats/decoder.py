"""What decodes the records of a source as Flink does; each format has its own."""

from __future__ import annotations

from typing import Any, Protocol

from pipeline.sources import Source

from .kinds import Fault


class Decoder(Protocol):
    """Decodes the values of a source's records as Flink's format does."""

    @property
    def source(self) -> Source: ...

    def usual(self, value: bytes | None) -> Any:
        """Return the row of a value in the usual form, with an attribute for each column.

        It is None for any other value, which needs a closer look.

        Raises:
            UnavailableError: The value refers to a schema registry, which does not answer.
        """

    def closely(self, value: bytes) -> Any | Fault:
        """Return the row of any value, or why there is none, or none without nulls where required.

        Raises:
            UnavailableError: The value refers to a schema registry, which does not answer.
        """
