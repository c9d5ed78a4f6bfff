"""The windows of an expression: their length, and when they end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import ibis.expr.operations as ops
from ibis.expr.datatypes import Interval

from pipeline.model.sinks import WindowShape

from .cumulate import CUMULATE
from .lineage import origin

_UNIT: Final = {
    "D": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}


def windows_of(relation: ops.Relation, end: str) -> WindowShape | None:
    """Return the windows that a column has the ends of; None when they are unknown.

    Args:
        relation: The relation that has the column.
        end: The column's name.
    """
    source, _ = origin(relation, end)
    if not isinstance(source, ops.WindowAggregate) or source.window_offset is not None:
        return None
    try:
        size = interval(source.window_size)
        step = interval(source.window_slide) if source.window_slide is not None else size
    except ValueError:
        return None
    return WindowShape(size, step, cumulates=source.window_type == CUMULATE)


def interval(literal: Any) -> timedelta:
    """Return the length of an interval in an expression.

    Raises:
        ValueError: It is not a constant of fixed length.
    """
    while isinstance(literal, ops.Cast | ops.Negate):
        literal = literal.arg
    if not isinstance(literal, ops.Literal) or not isinstance(literal.dtype, Interval):
        raise ValueError(f"{literal} is not a constant interval")
    return int(literal.value) * _UNIT[literal.dtype.unit.value]
