"""The sink topics that the console's panels read, and what their records hold.

The features define the topics, too, but importing them imports Ibis, which would delay the first
paint; a test compares the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from pipeline.model import CumulatingRow, RollingRow, Transaction, WindowRow

from .record_view import RecordView

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class WithRecord(Generic[RowT]):
    """A row with the record it was read from; a long value is truncated."""

    record: RecordView
    row: RowT


@dataclass(frozen=True, slots=True)
class SinkTopic(Generic[RowT]):
    """A topic that a feature's job writes.

    Attributes:
        feature: Name of the feature and of its job.
        topic: Documented name of the topic.
        kind: The type that a record's value is decoded to.
        with_record: Whether rows are wrapped in `WithRecord`.
    """

    feature: str
    topic: str
    kind: type[Any]
    with_record: bool = False


ROLLING: Final[SinkTopic[RollingRow]] = SinkTopic(
    "rolling", "user_trans_amt_last_360min", RollingRow
)
TUMBLING: Final[SinkTopic[WindowRow]] = SinkTopic(
    "tumbling", "user_trans_amt_last_360min_windowed", WindowRow
)
HOPPING: Final[SinkTopic[WindowRow]] = SinkTopic(
    "hopping", "user_trans_amt_last_360min_hopping", WindowRow
)
CUMULATING: Final[SinkTopic[WindowRow]] = SinkTopic(
    "cumulating", "user_trans_amt_today_cumulating", CumulatingRow
)
WINDOW_SINKS: Final = (TUMBLING, HOPPING, CUMULATING)
FLAGGED: Final[SinkTopic[WithRecord[Transaction]]] = SinkTopic(
    "flagged", "flagged_transactions", Transaction, with_record=True
)
