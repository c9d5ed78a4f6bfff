"""The origin of an expression's columns: copied from a record of the source, or computed."""

from __future__ import annotations

import ibis.expr.operations as ops


def origin(relation: ops.Relation, name: str) -> tuple[ops.Relation, str]:
    """Follow a column to the relation that did not merely copy it.

    Args:
        relation: The relation that has the column.
        name: The column's name in it.

    Returns:
        The relation where it originates, and its name there: an aggregate for its groups and
        metrics, a projection for computed columns, the source's table for all others.
    """
    value = relation.values.get(name)
    while isinstance(value, ops.Field):
        relation, name = value.rel, value.name
        value = relation.values.get(name)
    return relation, name


def is_computed(relation: ops.Relation, name: str) -> bool:
    """Whether a column is neither copied from a record nor grouped by."""
    source, at = origin(relation, name)
    if isinstance(source, ops.WindowAggregate | ops.Aggregate):
        return at in source.metrics
    return not isinstance(source, ops.PhysicalTable)


def is_event_time(relation: ops.Relation, name: str, time: str) -> bool:
    """Whether a column is the source's time column, under any name.

    Only that column has a watermark, so a stream can only be ordered by it.

    Args:
        relation: The relation that has the column.
        name: The column's name in it.
        time: Name of the source's time column.
    """
    source, at = origin(relation, name)
    return isinstance(source, ops.PhysicalTable) and at == time
