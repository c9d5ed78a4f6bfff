"""Where the columns of an expression come from: copied from a transaction, or computed."""

from __future__ import annotations

import ibis.expr.operations as ops

from pipeline import contract


def origin(relation: ops.Relation, name: str) -> tuple[ops.Relation, str]:
    """Follow a column to the relation that did not merely copy it.

    Args:
        relation: Which has the column.
        name: What it is called there.

    Returns:
        The relation where it begins, and its name there: an aggregate for one of its groups or
        metrics, a projection for what it computes, the table of transactions for the rest.
    """
    value = relation.values.get(name)
    while isinstance(value, ops.Field):
        relation, name = value.rel, value.name
        value = relation.values.get(name)
    return relation, name


def is_computed(relation: ops.Relation, name: str) -> bool:
    """Whether a column is neither copied from a transaction nor grouped by."""
    source, at = origin(relation, name)
    if isinstance(source, ops.WindowAggregate | ops.Aggregate):
        return at in source.metrics
    return not isinstance(source, ops.PhysicalTable)


def is_event_time(relation: ops.Relation, name: str) -> bool:
    """Whether a column is the time column of the transactions, under whatever name.

    Only this one has a watermark, so that only this one orders a stream.
    """
    source, at = origin(relation, name)
    return isinstance(source, ops.PhysicalTable) and at == contract.TIME_COLUMN
