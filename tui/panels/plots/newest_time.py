"""The newest event time of a stream, robust against a few absurd values."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

_RECENT: Final = 65
_SAMPLED: Final = 16
# A time farther than this from the typical one is ignored.
_PLAUSIBLE: Final = timedelta(days=30)


class NewestTime:
    """Follows a stream forwards, and backwards once most records are there.

    Attributes:
        newest: The newest plausible event time, without a zone; None at first.
    """

    def __init__(self) -> None:
        self.newest: datetime | None = None
        self._recent: deque[datetime] = deque(maxlen=_RECENT)

    def add(self, times: Sequence[datetime]) -> None:
        """Add event times in the order in which they arrived."""
        if not times:
            return
        try:
            last = max(times)
        except TypeError:
            # Some have a zone, which the data contract does not have.
            times = [at.replace(tzinfo=None) for at in times]
            last = max(times)
        last = last.replace(tzinfo=None)
        step = max(1, len(times) // _SAMPLED)
        self._recent.extend(at.replace(tzinfo=None) for at in times[-1::-step])
        typical = sorted(self._recent)[len(self._recent) // 2]
        if last - typical > _PLAUSIBLE:
            naive = (at.replace(tzinfo=None) for at in times)
            last = max((at for at in naive if at - typical <= _PLAUSIBLE), default=typical)
        newest = self.newest
        if newest is None or last > newest or abs(newest - typical) > _PLAUSIBLE:
            self.newest = last
