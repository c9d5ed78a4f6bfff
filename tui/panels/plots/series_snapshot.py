"""What the plots show of the streams, at one moment."""

from __future__ import annotations

from dataclasses import dataclass

from .amounts import AmountShares
from .flagged_rate import FlaggedBuckets


@dataclass(frozen=True, slots=True)
class SeriesSnapshot:
    """The series at one moment; a part that has not changed is the same object as before.

    Attributes:
        rates: Transactions in each whole second of wall time, oldest first, ending with the last
            second that is over; at most `KEPT_SECONDS`, fewer when the first came later.
        lags: Event seconds that the newest row of the rolling feature was behind the newest
            transaction, by second like `rates`; None where that was not known.
        flagged: Flagged transactions over event time; None before there are any.
        amounts: The distribution of amounts; None before there is one.
    """

    rates: tuple[int, ...] = ()
    lags: tuple[float | None, ...] = ()
    flagged: FlaggedBuckets | None = None
    amounts: AmountShares | None = None
