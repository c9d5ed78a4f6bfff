"""Mean and count per user in overlapping windows: one row per user and hour."""

import ibis
import ibis.expr.types as ir

from pipeline import contract

from .feature import feature


@feature(topic=contract.HOPPING_TOPIC)
def hopping(transaction: ir.Table) -> ir.Table:
    """Mean amount and number of a user's transactions in the last 360 minutes, every 60 minutes."""
    windows = transaction.window_by(transaction[contract.TIME_COLUMN]).hop(
        size=ibis.interval(minutes=360), slide=ibis.interval(minutes=60)
    )
    return windows.agg(
        by=[contract.KEY_COLUMN],
        user_mean_trans_amt_last_360min=ibis._.amt.mean(),
        user_trans_count_last_360min=ibis._.count(),
    )
