"""Transactions for signals: as a table, and as rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

import pyarrow as pa

from pipeline.contract import TRANSACTION_FIELDS
from pipeline.parity.decoded import arrow_type

BEGIN = datetime(2024, 1, 1)


def random_rows(count: int, seed: int) -> list[dict[str, Any]]:
    """Transactions of four users in three categories, in the order of time, some at one time."""
    random = Random(seed)
    rows, time = [], BEGIN
    for number in range(count):
        time += timedelta(seconds=random.choice([0, 40, 900, 7_200, 90_000, 400_000]))
        rows.append(
            {
                "trans_date_trans_time": time,
                "cc_num": 4_000_000_000_000_000 + number % 4,
                "merchant": "fraud_Kilback LLC",
                "category": random.choice(["grocery_pos", "misc_net", "travel"]),
                "amt": round(random.expovariate(1 / 150) + 1, 2),
                "first": "Ada",
                "last": "Reed",
                "zipcode": "28654",
                "dob": random.choice(["1988-03-09", "2001-11-30", "unknown"]),
                "trans_num": f"t{number}",
                "is_fraud": int(random.random() < 0.2),
                "user_id": random.choice([-7, 1, 2, 3]),
            }
        )
    return rows


def table(rows: list[dict[str, Any]]) -> pa.Table:
    """Rows as a table of the source."""
    return pa.table(
        {
            name: pa.array([row[name] for row in rows], arrow_type(dtype))
            for name, dtype in TRANSACTION_FIELDS.items()
        }
    )
