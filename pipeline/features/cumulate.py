"""Cumulating windows, which Flink has and Ibis 12 lacks.

Flink's CUMULATE takes the same arguments as HOP, and Ibis writes the name of any window type into
the SQL. So a cumulating window is a hopping window of a type of our own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import ibis.expr.operations as ops
import ibis.expr.types as ir

CUMULATE: Final = "cumulate"


class WindowAggregate(ops.WindowAggregate):  # type: ignore[misc]  # Ibis has no types
    """Adds a window type to Ibis's operation, whose name the compiler looks up."""

    window_type: Literal["cumulate"]


def cumulate(
    table: ir.Table,
    time: ir.TimestampColumn,
    *,
    size: ir.IntervalScalar,
    step: ir.IntervalScalar,
    by: Sequence[str],
    **metrics: Any,
) -> ir.Table:
    """Aggregate in windows that start together and end one step after another.

    Args:
        table: The rows.
        time: Their time column.
        size: Length of the longest window, and the period after which new ones start; aligned to
            the epoch.
        step: Time between the ends of two windows; divides `size`.
        by: Columns to group by.
        **metrics: Aggregates, by name.

    Returns:
        `window_start`, `window_end`, the groups and the metrics.
    """
    hopping = table.window_by(time).hop(size=size, slide=step).agg(by=list(by), **metrics).op()
    arguments = dict(zip(hopping.argnames, hopping.args, strict=True))
    return WindowAggregate(**(arguments | {"window_type": CUMULATE})).to_expr()
