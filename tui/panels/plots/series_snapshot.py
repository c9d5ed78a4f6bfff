"""A frozen snapshot of the time series behind the plots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pipeline.contract import TRANSACTION_TOPIC, WATERMARK_DELAY

from .amounts import AmountShares
from .flagged_rate import FlaggedBuckets


@dataclass(frozen=True, slots=True)
class PlottedStream:
    """What a stream declares, as far as its plots depend on it.

    Attributes:
        topic: Its documented topic.
        delay: The delay of its watermark.
        feature: The feature whose delay is plotted; empty if no feature has a row per record.
        without_amounts: Why its amounts are not plotted; empty if they are.
        without_label: Why flagged records are not told from others; empty if they are.
    """

    topic: str = TRANSACTION_TOPIC
    delay: timedelta = WATERMARK_DELAY
    feature: str = "rolling"
    without_amounts: str = ""
    without_label: str = ""

    @property
    def is_own(self) -> bool:
        """Whether the user has declared it."""
        return self.topic != TRANSACTION_TOPIC


@dataclass(frozen=True, slots=True)
class SeriesSnapshot:
    """The series of one stream at one moment; an unchanged part is the same object as before.

    Attributes:
        rates: Records in each completed second of wall time, oldest first; at most
            `KEPT_SECONDS`, fewer when the first record came later.
        lags: Event seconds between the newest record and the newest row of the feature, by second
            like `rates`; None where unknown.
        flagged: Flagged records over event time; None before the first one.
        amounts: The distribution of amounts; None before the first one.
        stream: The stream.
        streams: The documented topics of all streams that can be plotted.
    """

    rates: tuple[int, ...] = ()
    lags: tuple[float | None, ...] = ()
    flagged: FlaggedBuckets | None = None
    amounts: AmountShares | None = None
    stream: PlottedStream = PlottedStream()
    streams: tuple[str, ...] = (TRANSACTION_TOPIC,)
