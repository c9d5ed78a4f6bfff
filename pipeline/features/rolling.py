"""Rolling mean and count per user: one row out for every transaction in."""

import ibis
import ibis.expr.types as ir

from pipeline import contract

from .feature import feature


@feature(topic=contract.ROLLING_TOPIC)
def rolling(transaction: ir.Table) -> ir.Table:
    """Mean amount and number of a user's transactions in the last 360 minutes."""
    last_360min = ibis.range_window(
        group_by=transaction[contract.KEY_COLUMN],
        order_by=transaction[contract.TIME_COLUMN],
        preceding=ibis.interval(minutes=360),
        following=0,
    )
    return transaction.select(
        transaction[contract.KEY_COLUMN],
        user_mean_trans_amt_last_360min=transaction.amt.mean().over(last_360min),
        user_trans_count_last_360min=transaction.count().over(last_360min),
        trans_date_trans_time=transaction[contract.TIME_COLUMN],
    )
