"""Contents that are always read with care."""

from __future__ import annotations

from .work import Work


class Careful:
    """What DuckDB does not read as it lies on disk; see `Content`."""

    __slots__ = ()

    def as_it_is(self) -> str | None:
        """None: it has to be read with care."""
        return None

    def holds(self, rows: int, work: Work) -> bool:
        """Never asked."""
        return False
