"""Contents that DuckDB cannot read directly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from .work import Work


class Careful:
    """A file that DuckDB cannot read directly; see `Content`."""

    __slots__ = ()

    @property
    def inside(self) -> Mapping[str, Sequence[str]]:
        """See `Content`: nothing is."""
        return {}

    def as_it_is(self) -> str | None:
        """See `Content`: there is no direct query."""
        return None

    def holds(self, rows: int, work: Work) -> bool:
        """See `Content`: never called without a direct query."""
        return False
