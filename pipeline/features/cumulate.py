"""Cumulating windows, which Flink has and ibis 12 has not.

Flink's CUMULATE takes the same arguments as HOP, and Ibis writes down whatever kind of window it is
given. So a cumulating window is a hopping one of another kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import ibis.expr.operations as ops
import ibis.expr.types as ir

CUMULATE: Final = "cumulate"


class WindowAggregate(ops.WindowAggregate):  # type: ignore[misc]  # Ibis has no types
    """Ibis's own operation, and its name, by which Ibis finds how to write it; one kind more."""

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
    """Aggregate in windows that begin together and end a step after one another.

    Args:
        table: The rows.
        time: Their time column.
        size: Of the longest window; after it the next ones begin. Aligned to the epoch.
        step: From the end of one window to the end of the next; a part of `size`.
        by: Columns to group by.
        **metrics: What to compute, by name.

    Returns:
        `window_start`, `window_end`, the groups and the metrics.
    """
    hopping = table.window_by(time).hop(size=size, slide=step).agg(by=list(by), **metrics).op()
    arguments = dict(zip(hopping.argnames, hopping.args, strict=True))
    return WindowAggregate(**(arguments | {"window_type": CUMULATE})).to_expr()
