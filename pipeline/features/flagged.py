"""Transactions flagged as fraud, unchanged."""

import ibis.expr.types as ir

from pipeline import contract

from .feature import feature


@feature(topic=contract.FLAGGED_TOPIC)
def flagged(transaction: ir.Table) -> ir.Table:
    """Every transaction with is_fraud = 1."""
    return transaction.filter(transaction.is_fraud == 1)
