"""In which order jobs are started: those first whose rows are looked at first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from .cumulating import cumulating
from .flagged import flagged
from .hopping import hopping
from .rolling import rolling
from .tumbling import tumbling

# Users are what the console opens on, and a flag is what it is watched for: both have rows as soon
# as their job runs. A window has its first row when it closes, so its job can start a little later.
_FIRST: Final = (rolling.name, flagged.name, tumbling.name)
# Windows of these kinds are seen only after they have been asked for.
_LAST: Final = (hopping.name, cumulating.name)


def in_start_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names of features in the order in which to start their jobs.

    A user's own features keep their order, between the tables that are seen at once and those that
    have to be asked for.
    """

    def rank(name: str) -> int:
        if name in _FIRST:
            return _FIRST.index(name)
        return len(_FIRST) + (1 + _LAST.index(name) if name in _LAST else 0)

    return tuple(sorted(names, key=rank))
