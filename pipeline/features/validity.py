"""The condition that makes a transaction valid; invalid records are quarantined.

One expression, which runs on Flink before the watermark is computed, and on DuckDB in `verify`. A
single invalid record can do lasting harm: a time in the far future would make all later records
late, an amount of 1e300 or NaN would stay in a user's running sum, and a text of a megabyte would
not fit into a sink topic. `pipeline.kafka.quarantine` checks the same of one record, and says why.
"""

from __future__ import annotations

from functools import reduce
from operator import and_
from typing import Final

import ibis
import ibis.expr.types as ir

from pipeline import contract

ARRIVED: Final = "arrived"
"""Column with the record's Kafka timestamp, in UTC without a time zone."""


def is_valid(table: ir.Table) -> ir.BooleanValue:
    """Return whether a row is valid; null where a field is null.

    Args:
        table: The columns of `contract.TRANSACTION_FIELDS`, and `ARRIVED`.
    """
    time, amount = table[contract.TIME_COLUMN], table.amt
    ahead = ibis.interval(days=contract.MOST_AHEAD.days)
    texts = [name for name, dtype in contract.TRANSACTION_FIELDS.items() if dtype == "string"]
    conditions: list[ir.BooleanValue] = [
        *(table[name].notnull() for name in contract.TRANSACTION_FIELDS),
        time >= ibis.timestamp(contract.EARLIEST.isoformat(sep=" ")),
        time <= table[ARRIVED] + ahead,
        # False for NaN, too.
        amount >= -contract.MOST_AMOUNT,
        amount <= contract.MOST_AMOUNT,
        table.is_fraud.isin((0, 1)),
        *(table[name].length() <= contract.MOST_CHARACTERS for name in texts),
    ]
    return reduce(and_, conditions)
