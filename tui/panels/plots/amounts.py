"""The distribution of amounts, flagged against the rest, in logarithmic bins."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import compress
from operator import not_
from typing import Final

BINS_PER_DECADE: Final = 4
_FIRST_DECADE: Final = -1
_LAST_DECADE: Final = 7
_BINS: Final = (_LAST_DECADE - _FIRST_DECADE) * BINS_PER_DECADE
_EDGES: Final = tuple(10.0 ** (_FIRST_DECADE + at / BINS_PER_DECADE) for at in range(_BINS + 1))


@dataclass(frozen=True, slots=True)
class AmountShares:
    """The share of amounts in each logarithmic bin.

    Attributes:
        low: Base-10 logarithm of the lower edge of the first bin.
        rest: Percent of the unflagged amounts in each bin.
        flagged: Percent of the flagged amounts in each bin.
        rest_total: Number of unflagged amounts.
        flagged_total: Number of flagged amounts.
        off_scale: Amounts in no bin: NaN, zero, negative, or too large.
    """

    low: float
    rest: tuple[float, ...]
    flagged: tuple[float, ...]
    rest_total: int
    flagged_total: int
    off_scale: int


class Amounts:
    """Counts amounts by bin, in constant memory."""

    def __init__(self) -> None:
        # By class, then by bin: below the first edge, between edges, above the last edge.
        self._counts = ([0] * (_BINS + 2), [0] * (_BINS + 2))
        self._shares: AmountShares | None = None

    def add(self, amounts: Sequence[float], flags: Sequence[bool]) -> None:
        """Count amounts, each of which is that of a flagged record or of another one."""
        for flagged, counts in enumerate(self._counts):
            ours = compress(amounts, flags if flagged else map(not_, flags))
            for place, count in Counter(map(partial(bisect_right, _EDGES), ours)).items():
                # A NaN sorts behind the last edge, so it correctly falls in no bin.
                counts[place] += count
        if amounts:
            self._shares = None

    def shares(self) -> AmountShares | None:
        """Return the distribution; None before the first amount that falls into a bin."""
        if self._shares is None:
            self._shares = self._computed()
        return self._shares

    def _computed(self) -> AmountShares | None:
        rest, flagged = (counts[1:-1] for counts in self._counts)
        filled = [at for at in range(_BINS) if rest[at] or flagged[at]]
        if not filled:
            return None
        part = slice(filled[0], filled[-1] + 1)
        return AmountShares(
            low=_FIRST_DECADE + filled[0] / BINS_PER_DECADE,
            rest=_percent(rest[part]),
            flagged=_percent(flagged[part]),
            rest_total=sum(rest),
            flagged_total=sum(flagged),
            off_scale=sum(counts[0] + counts[-1] for counts in self._counts),
        )


def _percent(counts: Sequence[int]) -> tuple[float, ...]:
    total = sum(counts) or 1
    return tuple(100 * count / total for count in counts)
