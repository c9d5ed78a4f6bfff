"""The origin of an expression's columns: copied from a record of the source, or computed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import ibis.expr.operations as ops

_COUNTS: Final = (ops.Count, ops.CountDistinct, ops.CountStar, ops.CountDistinctStar)


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


def copied_from(relation: ops.Relation, name: str, table: str) -> str | None:
    """Return the column of a source's table that a column is, under any name; None if it is none.

    Args:
        relation: The relation that has the column.
        name: The column's name in it.
        table: Name of the source's table.
    """
    source, at = origin(relation, name)
    return at if isinstance(source, ops.PhysicalTable) and source.name == table else None


def reveals(relation: ops.Relation, name: str, fields: Mapping[str, Collection[str]]) -> bool:
    """Whether a column may show values of some columns of the sources: as copies, or computed.

    How often something occurs, whether something holds, and for whom it was computed shows none.

    Args:
        relation: The relation that has the column.
        name: The column's name in it.
        fields: Names of columns, by the name of the source's table.
    """
    source, at = origin(relation, name)
    if isinstance(source, ops.PhysicalTable):
        return at in fields.get(source.name, ())
    value = source.values.get(at)
    return value is not None and any(
        reveals(field.rel, field.name, fields) for field in _shown_by(value)
    )


def _shown_by(value: ops.Node) -> Iterator[ops.Field]:
    if isinstance(value, ops.Field):
        yield value
    elif isinstance(value, ops.WindowFunction):
        yield from _shown_by(value.func)
    elif isinstance(value, ops.Value) and not (
        isinstance(value, _COUNTS) or value.dtype.is_boolean()
    ):
        for child in value.__children__:
            yield from _shown_by(child)
