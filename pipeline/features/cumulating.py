"""Mean and count per user since midnight: one row per user and hour until the day ends."""

import ibis
import ibis.expr.types as ir

from pipeline import contract

from .cumulate import cumulate
from .feature import feature


@feature(topic=contract.CUMULATING_TOPIC)
def cumulating(transaction: ir.Table) -> ir.Table:
    """Mean amount and number of a user's transactions of the day so far, every 60 minutes."""
    return cumulate(
        transaction,
        transaction[contract.TIME_COLUMN],
        size=ibis.interval(minutes=1440),
        step=ibis.interval(minutes=60),
        by=[contract.KEY_COLUMN],
        user_mean_trans_amt_today=ibis._.amt.mean(),
        user_trans_count_today=ibis._.count(),
    )
