"""Transactions flagged as fraud, unchanged."""

import ibis.expr.types as ir

from .feature import feature


@feature(topic="flagged_transactions")
def flagged(transaction: ir.Table) -> ir.Table:
    """Every transaction with is_fraud = 1."""
    return transaction.filter(transaction.is_fraud == 1)
