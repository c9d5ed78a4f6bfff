"""The order in which jobs start: first those whose rows are looked at first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .cumulating import cumulating
from .flagged import flagged
from .hopping import hopping
from .rolling import rolling
from .tumbling import tumbling

# The console opens on the users, and flagged transactions matter most: both have rows as soon as
# their job runs. Windows have rows only when they close, so their jobs can start a little later.
_FIRST: Final = (rolling.name, flagged.name, tumbling.name)
# These windows are only shown on request.
_LAST: Final = (hopping.name, cumulating.name)


def in_start_order(names: Iterable[str]) -> tuple[str, ...]:
    """Sort names of features by when their jobs should start.

    User-defined features keep their order, between the tables that are visible at once and those
    that are shown on request.
    """

    def rank(name: str) -> int:
        if name in _FIRST:
            return _FIRST.index(name)
        return len(_FIRST) + (1 + _LAST.index(name) if name in _LAST else 0)

    return tuple(sorted(names, key=rank))
