"""A frozen snapshot of the time series behind the plots."""

from __future__ import annotations

from dataclasses import dataclass

from .amounts import AmountShares
from .flagged_rate import FlaggedBuckets


@dataclass(frozen=True, slots=True)
class SeriesSnapshot:
    """The series at one moment; an unchanged part is the same object as before.

    Attributes:
        rates: Transactions in each completed second of wall time, oldest first; at most
            `KEPT_SECONDS`, fewer when the first transaction came later.
        lags: Event seconds between the newest transaction and the newest row of the rolling
            feature, by second like `rates`; None where unknown.
        flagged: Flagged transactions over event time; None before the first one.
        amounts: The distribution of amounts; None before the first one.
    """

    rates: tuple[int, ...] = ()
    lags: tuple[float | None, ...] = ()
    flagged: FlaggedBuckets | None = None
    amounts: AmountShares | None = None
