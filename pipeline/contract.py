"""The one definition of the topics, their fields and the time column.

Source: the Ibis tutorial "Flink backend: fraud detection". The field names and types of the four
topics here are a contract; anything beyond them goes to topics of its own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final

import msgspec

TRANSACTION_TOPIC: Final = "transaction"
ROLLING_TOPIC: Final = "user_trans_amt_last_360min"
TUMBLING_TOPIC: Final = "user_trans_amt_last_360min_windowed"
FLAGGED_TOPIC: Final = "flagged_transactions"
# Beyond the tutorial:
HOPPING_TOPIC: Final = "user_trans_amt_last_360min_hopping"
CUMULATING_TOPIC: Final = "user_trans_amt_today_cumulating"
LABEL_TOPIC: Final = "fraud_labels"
VERDICT_TOPIC: Final = "fraud_verdicts"

TIME_COLUMN: Final = "trans_date_trans_time"
KEY_COLUMN: Final = "user_id"

# How far out of order a transaction may arrive before Flink calls it late.
WATERMARK_DELAY: Final = timedelta(seconds=15)

# What is outside of these bounds is invalid and does lasting harm (`features.validity`).
EARLIEST: Final = datetime(1970, 1, 1)
MOST_AHEAD: Final = timedelta(days=1)
"""How far a time may be ahead of the record's arrival in Kafka: more than time zones explain."""
MOST_AMOUNT: Final = 1e9
"""A double still has a millionth of it, so that it comes and goes in a sum without a trace."""
MOST_NUMBER: Final = 1e300
"""Of any other number with a fraction: what is beyond, or none, would stay in a running sum."""
MOST_CHARACTERS: Final = 1_000

PARTITIONS: Final = 4

# Ibis type names, in the order of the data contract.
TRANSACTION_FIELDS: Final[dict[str, str]] = {
    TIME_COLUMN: "timestamp(3)",
    "cc_num": "int64",
    "merchant": "string",
    "category": "string",
    "amt": "float64",
    "first": "string",
    "last": "string",
    "zipcode": "string",
    "dob": "string",
    "trans_num": "string",
    "is_fraud": "int32",
    KEY_COLUMN: "int64",
}

Int64 = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
EventTime = Annotated[datetime, msgspec.Meta(tz=False)]


class Transaction(msgspec.Struct, frozen=True, gc=False):
    """One card transaction, as in the topic `transaction`.

    Times are event times without a zone; `amt` is in the card's currency; `user_id` is a signed
    64-bit number. The field names are those of the Ibis fraud-detection tutorial.
    """

    trans_date_trans_time: EventTime
    cc_num: Int64
    merchant: str
    category: str
    amt: float
    first: str
    last: str
    zipcode: str
    dob: str
    trans_num: str
    is_fraud: Int64
    user_id: Int64


class RollingRow(msgspec.Struct, frozen=True, gc=False):
    """A user's mean amount and count over the 360 minutes up to one transaction."""

    user_id: Int64
    user_mean_trans_amt_last_360min: float
    user_trans_count_last_360min: Int64
    trans_date_trans_time: EventTime


class WindowRow(msgspec.Struct, frozen=True, gc=False):
    """A user's mean amount and count in one closed window `[window_start, window_end)`.

    For tumbling and hopping windows. In Kafka, the mean and count are named after the window.
    """

    window_start: EventTime
    window_end: EventTime
    user_id: Int64
    mean: float = msgspec.field(name="user_mean_trans_amt_last_360min")
    count: Int64 = msgspec.field(name="user_trans_count_last_360min")


class CumulatingRow(WindowRow, frozen=True, gc=False):
    """A user's mean amount and count from midnight up to `window_end`."""

    mean: float = msgspec.field(name="user_mean_trans_amt_today")
    count: Int64 = msgspec.field(name="user_trans_count_today")
