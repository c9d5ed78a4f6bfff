"""Numbered sample rows of every stream, and batches of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from pipeline.contract import TIME_COLUMN, TRANSACTION_TOPIC, RollingRow, Transaction, WindowRow
from tui.streams.record_view import RecordView
from tui.streams.sink_topics import FLAGGED, ROLLING, WithRecord
from tui.streams.source import Batch, Extent

NOW = 1_700_000_000.0
EVENT_TIME = datetime(2023, 3, 4, 17, 22, 10)


def transaction(number: int = 0, **changes: Any) -> Transaction:
    """One of a series of transactions."""
    values: dict[str, Any] = {
        "trans_date_trans_time": EVENT_TIME - timedelta(seconds=73 * number),
        "cc_num": 4_613_314_721_966,
        "merchant": _MERCHANTS[number % len(_MERCHANTS)],
        "category": _CATEGORIES[number % len(_CATEGORIES)],
        "amt": round(12.5 + 173.17 * (number * 7 % 11), 2),
        "first": _FIRST[number % len(_FIRST)],
        "last": _LAST[number % len(_LAST)],
        "zipcode": "28654",
        "dob": "1988-03-09",
        "trans_num": f"{number:032x}",
        "is_fraud": 1,
        "user_id": user(number),
    }
    return Transaction(**(values | changes))


def user(number: int) -> int:
    return (number * 0x9E37_79B9_7F4A_7C15 + 0x1234_5678_9ABC_DEF1) % 2**64 - 2**63


def rolling(number: int, **changes: Any) -> RollingRow:
    """One of a series of rolling rows, each of another user."""
    values: dict[str, Any] = {
        "user_id": user(number),
        "user_mean_trans_amt_last_360min": 18.4 + (number * 7919 % 997) * 2.31,
        "user_trans_count_last_360min": 1 + number * 13 % 17,
        "trans_date_trans_time": EVENT_TIME - timedelta(seconds=41 * number),
    }
    return RollingRow(**(values | changes))


def window_row(window: int, number: int) -> WindowRow:
    """One user of one of a series of windows, going back in time."""
    start = datetime(2023, 3, 4, 6) - timedelta(hours=6 * window)
    return WindowRow(
        window_start=start,
        window_end=start + timedelta(hours=6),
        user_id=user(number),
        mean=14.2 + ((number + 3 * window) * 6151 % 991) * 1.77,
        count=1 + (number + window) * 5 % 9,
    )


def flagged(number: int, **changes: Any) -> WithRecord[Transaction]:
    """One of a series of flagged transactions; the highest number came first."""
    values = {"user_id": user(number * number % 29)} | changes
    return as_flagged(transaction(number, **values), number % 4, 4_000 - number)


def as_flagged(row: Transaction, partition: int, offset: int) -> WithRecord[Transaction]:
    """A flagged transaction in the record that it was read from."""
    fields = {**msgspec.structs.asdict(row), TIME_COLUMN: str(row.trans_date_trans_time)}
    # A lone surrogate cannot be written as UTF-8; in JSON it is an escape.
    value = json.dumps(fields, ensure_ascii=False).encode(errors="backslashreplace")
    key = str(row.user_id).encode()
    record = RecordView(FLAGGED.topic, partition, offset, int(NOW * 1000), key, value)
    return WithRecord(record, row)


def rows_of_sinks(
    rolling: Sequence[RollingRow] = (),
    windows: Mapping[str, Sequence[WindowRow]] | None = None,
    flagged: Sequence[WithRecord[Transaction]] = (),
) -> Mapping[str, Sequence[Any]]:
    """Rows of sink topics as in a batch; `windows` by their kind."""
    return {ROLLING.feature: rolling, **(windows or {}), FLAGGED.feature: flagged}


def batch_of(
    *,
    rolling: Sequence[RollingRow] = (),
    windows: Mapping[str, Sequence[WindowRow]] | None = None,
    flagged: Sequence[WithRecord[Transaction]] = (),
    **others: Any,
) -> Batch:
    """A batch with rows of sink topics."""
    return Batch(sinks=rows_of_sinks(rolling, windows, flagged), **others)


def live_batch() -> Batch:
    """A batch with enough rows to fill the tables."""
    return batch_of(
        transactions=[transaction(number, is_fraud=0) for number in range(520)],
        rolling=[rolling(number) for number in range(180)],
        extents={
            TRANSACTION_TOPIC: {
                number: Extent(
                    0, EVENT_TIME - timedelta(hours=10), EVENT_TIME - timedelta(seconds=number)
                )
                for number in range(4)
            }
        },
        windows={
            "tumbling": [window_row(window, number) for window in range(9) for number in range(84)]
        },
        flagged=[flagged(number) for number in reversed(range(46))],
        lag=0,
    )


_MERCHANTS = (
    "fraud_Olson, Becker and Koch",
    "fraud_Kilback LLC",
    "fraud_Rutherford-Mertz",
    "fraud_Heller, Gutmann and Zieme",
    "fraud_Lind-Buckridge",
)
_CATEGORIES = ("gas_transport", "grocery_pos", "shopping_net", "misc_net", "entertainment")
_FIRST = ("Jennifer", "Stephanie", "Edward", "Tyler", "José")
_LAST = ("Banks", "Gill", "Sanchez", "White-Garcia", "Müller")
