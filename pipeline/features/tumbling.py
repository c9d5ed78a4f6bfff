"""Mean and count per user in fixed windows: one row per user when a window closes."""

import ibis
import ibis.expr.types as ir

from pipeline import contract

from .feature import feature


@feature(topic=contract.TUMBLING_TOPIC)
def tumbling(transaction: ir.Table) -> ir.Table:
    """Mean amount and number of a user's transactions in each window of 360 minutes."""
    windows = transaction.window_by(transaction[contract.TIME_COLUMN]).tumble(
        size=ibis.interval(minutes=360)
    )
    return windows.agg(
        by=[contract.KEY_COLUMN],
        user_mean_trans_amt_last_360min=ibis._.amt.mean(),
        user_trans_count_last_360min=ibis._.count(),
    )
