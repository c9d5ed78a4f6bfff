"""Finds what Flink would refuse in a feature, and says so in terms of the expression."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

import ibis.expr.operations as ops
from ibis.common.exceptions import IbisError

from pipeline import contract
from pipeline.features import Feature
from pipeline.features.lineage import is_event_time

from .ddl import SINK_TYPES, compile_query

_TIME: Final = f"transaction.{contract.TIME_COLUMN}"


def refusal(feature: Feature) -> tuple[str, str] | None:
    """Return why a feature cannot run on Flink and what to do; None if no reason is known.

    Flink's planner has the last word when the job starts.
    """
    checks: tuple[Callable[[Feature], Iterator[tuple[str, str]]], ...] = (
        _types,
        _unbounded,
        _orders,
        _windows,
        _event_time,
        _sql,
    )
    return next((found for check in checks for found in check(feature)), None)


def _types(feature: Feature) -> Iterator[tuple[str, str]]:
    for name, dtype in feature.columns.items():
        if dtype not in SINK_TYPES:
            yield (
                f"column {name!r} is of type {dtype}, which a sink topic cannot hold",
                f"Cast it to one of {', '.join(SINK_TYPES)}.",
            )


def _event_time(feature: Feature) -> Iterator[tuple[str, str]]:
    op = feature.table.op()
    if "window_end" in feature.columns or is_event_time(op, contract.TIME_COLUMN):
        return
    yield (
        f"its rows have neither window_end nor an unchanged {contract.TIME_COLUMN}, so nothing "
        "says when they are final",
        f"Select {_TIME} too.",
    )


def _unbounded(feature: Feature) -> Iterator[tuple[str, str]]:
    op = feature.table.op()
    for node in op.find((ops.Aggregate, ops.Distinct)):
        bounds = {"window_start", "window_end"}
        if isinstance(node, ops.Aggregate) and bounds <= node.groups.keys():
            continue
        yield (
            "it aggregates without a window, so no row would ever be final",
            f"Use transaction.window_by({_TIME}) and .agg(), or .over() a range window.",
        )


def _orders(feature: Feature) -> Iterator[tuple[str, str]]:
    for window in feature.table.op().find(ops.WindowFunction):
        if [_is_time(key.arg) and key.ascending for key in window.order_by] != [True]:
            yield (
                f"a window of .over() is not ordered by {_TIME} alone, ascending",
                f"Use order_by={_TIME}; only this column has a watermark.",
            )
        if isinstance(window.func, ops.Reduction) and not _ends_at_current_row(window):
            yield (
                "a window of .over() does not end at the current row",
                "Use following=0; a stream cannot see the rows that follow.",
            )
    for project in feature.table.op().find(ops.Project):
        shapes = {
            (window.group_by, window.order_by, window.how, window.start)
            for value in project.values.values()
            for window in value.find(ops.WindowFunction, filter=ops.Value)
        }
        if len(shapes) > 1:
            yield (
                "one select has several windows of .over(), but Flink computes one at a time",
                "Select the second over the result of the first.",
            )


def _windows(feature: Feature) -> Iterator[tuple[str, str]]:
    for window in feature.table.op().find(ops.WindowAggregate):
        if not _is_time(window.time_col):
            yield (
                f"window_by() uses a column other than {_TIME}",
                f"Use window_by({_TIME}); only this column has a watermark.",
            )


def _sql(feature: Feature) -> Iterator[tuple[str, str]]:
    try:
        compile_query(feature)
    except (IbisError, NotImplementedError, ValueError, TypeError) as error:
        said = (str(error) or type(error).__name__).partition("\n")[0].rstrip(". ")
        yield f"Ibis cannot write it as Flink SQL: {said}", "Rewrite the expression."


def _is_time(value: Any) -> bool:
    return isinstance(value, ops.Field) and is_event_time(value.rel, value.name)


def _ends_at_current_row(window: Any) -> bool:
    end = window.end
    if end is None:
        return False
    value = end.value
    while isinstance(value, ops.Cast | ops.Negate):
        value = value.arg
    return isinstance(value, ops.Literal) and value.value == 0
