"""Finds what Flink would refuse in a feature, and says so in terms of the expression."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import ibis.expr.operations as ops
from ibis.common.exceptions import IbisError

from pipeline.features import Feature
from pipeline.features.interval_join import interval_join
from pipeline.features.lineage import copied_from
from pipeline.sources.column_types import element, is_exact
from pipeline.sources.faults import differing_in_case

from .ddl import SINK_TYPES, compile_query, sink_table
from .source_table import table_names

_DIVIDING: Final = (
    *(ops.Mean, ops.Variance, ops.StandardDev, ops.Covariance, ops.Correlation),
    *(ops.Divide, ops.FloorDivide, ops.Modulus),
)
_OF_THE_MOMENT: Final = {
    ops.TimestampNow: "now",
    ops.DateNow: "today",
    ops.RandomScalar: "random",
    ops.RandomUUID: "uuid",
}
_NOT_IN_A_STREAM: Final[dict[type[ops.Node], tuple[str, str]]] = {
    ops.ApproxCountDistinct: ("approx_nunique()", "Use nunique(), which is exact."),
    ops.GroupConcat: ("group_concat()", "Use nunique(), min() or max()."),
    ops.BitwiseAnd: ("&", "Use % and // with a power of two."),
    ops.BitwiseOr: ("|", "Use + for bits that do not overlap."),
    ops.BitwiseXor: ("^", "Use % and // with a power of two."),
    ops.BitwiseNot: ("~", "Use -x - 1 for ~x."),
    ops.BitwiseLeftShift: ("<<", "Use * with a power of two."),
    ops.BitwiseRightShift: (">>", "Use // with a power of two."),
}
"""What Ibis writes as SQL that Flink does not know, and what to use."""
_OF_ARRAYS: Final = (ops.ArrayLength, ops.IsNull, ops.NotNull)
_OF_SEVERAL_TABLES: Final = (ops.JoinChain, ops.Set, ops.InSubquery, ops.ExistsSubquery)
_JOINED: Final = (
    "the two by a column and by time, with bounds on both sides: payments.join(logins, "
    "[payments.account == logins.account, logins.at.between(payments.booked_at - "
    "ibis.interval(minutes=10), payments.booked_at)])"
)
_BY_CHANCE: Final[dict[type[ops.Node], str]] = {ops.Limit: "limit", ops.Sample: "sample"}
_LOOKING_AHEAD: Final = (ops.Lead, ops.NTile, ops.PercentRank, ops.CumeDist)


def refusal(feature: Feature) -> tuple[str, str] | None:
    """Return why a feature cannot run on Flink and what to do; None if no reason is known.

    Flink's planner has the last word when the job starts.
    """
    checks: tuple[Callable[[Feature], Iterator[tuple[str, str]]], ...] = (
        _names,
        _types,
        _arrays,
        _inexact,
        _mixed,
        _changing,
        _several,
        _by_chance,
        _unsupported,
        _written,
        _unbounded,
        _orders,
        _windows,
        _event_time,
        _sql,
    )
    return next((found for check in checks for found in check(feature)), None)


def _types(feature: Feature) -> Iterator[tuple[str, str]]:
    for name, dtype in feature.columns.items():
        if dtype not in SINK_TYPES and not is_exact(dtype):
            yield (
                f"column {name!r} is of type {dtype}, which a sink topic cannot hold",
                f"Cast it to one of {', '.join(SINK_TYPES)} or decimal(38, 2).",
            )


def _names(feature: Feature) -> Iterator[tuple[str, str]]:
    ours = {sink_table(feature), *(f"{feature.name}_input{n}" for n in ("", *range(2, 10)))}
    for name in (name for source in feature.sources for name in table_names(source)):
        if name in ours:
            yield (
                f"the table of a source and one of its own would both be called {name!r}",
                "Give the function another name.",
            )
    for name, other in differing_in_case(feature.columns):
        yield (
            f"its columns {other!r} and {name!r} differ in capital letters alone",
            "DuckDB, which proves it, takes them for one: give one of them another name.",
        )


def _arrays(feature: Feature) -> Iterator[tuple[str, str]]:
    """Find what is computed of arrays besides what both engines compute alike."""
    if not any(element(dtype) for source in feature.sources for _, dtype in source.schema):
        return
    for node in feature.table.op().find(ops.Value, filter=None):
        arrays = [each for each in node.__children__ if _is_array(each)]
        if not arrays or isinstance(node, _OF_ARRAYS):
            continue
        if isinstance(node, ops.ArrayContains) and isinstance(node.other, ops.Literal):
            continue
        yield (
            f"{_method(node)}() of an array is not the same in Flink and DuckDB",
            "Use length() or contains() with a constant; paths has single elements.",
        )


def _is_array(node: Any) -> bool:
    return isinstance(node, ops.Value) and node.dtype.is_array()


def _inexact(feature: Feature) -> Iterator[tuple[str, str]]:
    for node in feature.table.op().find(_DIVIDING, filter=None):
        if any(value.dtype.is_decimal() for value in node.args if isinstance(value, ops.Value)):
            yield (
                "it divides decimals, as a mean does, which Flink and DuckDB round differently",
                "Cast them to float64 first, as in .amount.cast('float64').mean().",
            )


def _mixed(feature: Feature) -> Iterator[tuple[str, str]]:
    for node in feature.table.op().find(ops.NumericBinary, filter=None):
        types = (node.left.dtype, node.right.dtype)
        if any(t.is_decimal() for t in types) and any(t.is_floating() for t in types):
            yield (
                "it computes with a decimal and a float, which Flink and DuckDB round differently",
                "Cast one of them to the type of the other.",
            )


def _changing(feature: Feature) -> Iterator[tuple[str, str]]:
    for node in feature.table.op().find(tuple(_OF_THE_MOMENT), filter=None):
        name = _OF_THE_MOMENT[type(node)]
        yield (
            f"ibis.{name}() gives another value each time, so no recomputation could equal it",
            f"Use {_time(feature)}, or another column of the source.",
        )


def _several(feature: Feature) -> Iterator[tuple[str, str]]:
    """Find what Flink keeps of both streams for ever, and what nothing says when it is final."""
    op = feature.table.op()
    if len(feature.sources) == 1 and op.find(_OF_SEVERAL_TABLES, filter=None):
        yield (
            "it combines tables, but has one source: only two, joined by time, can be proved",
            f"Name the other one, too, as in source=({feature.source.name}, logins), and join "
            f"{_JOINED}.",
        )
    if len(feature.sources) > 1:
        try:
            interval_join(op, feature.sources)
        except ValueError as error:
            yield f"it has several sources, but {error}", f"Join {_JOINED}."


def _by_chance(feature: Feature) -> Iterator[tuple[str, str]]:
    for node in feature.table.op().find(tuple(_BY_CHANCE), filter=None):
        yield (
            f"{_BY_CHANCE[type(node)]}() keeps rows by chance, so no recomputation could equal it",
            "Use filter().",
        )


def _unsupported(feature: Feature) -> Iterator[tuple[str, str]]:
    for node in feature.table.op().find(tuple(_NOT_IN_A_STREAM), filter=None):
        name, instead = _NOT_IN_A_STREAM[type(node)]
        yield f"Flink SQL has no {name} for streams", instead


def _written(feature: Feature) -> Iterator[tuple[str, str]]:
    """Find texts that Flink writes differently, as 4.6E7 or with milliseconds."""
    op = feature.table.op()
    for cast in op.find(ops.Cast, filter=None):
        if cast.to.is_string() and cast.arg.dtype.is_floating():
            yield (
                "it casts a float to a text, which Flink and DuckDB write differently",
                "Cast it to decimal(38, 2) first, or keep the number.",
            )
        if cast.to.is_string() and cast.arg.dtype.is_timestamp():
            yield (
                "it casts a time to a text, which Flink and DuckDB write differently",
                "Use strftime('%Y-%m-%d %H:%M:%S').",
            )
    for time in op.find(ops.Strftime, filter=None):
        if "%j" in getattr(time.format_str, "value", ""):
            yield (
                "strftime() writes %j, which has leading zeros in DuckDB and none in Flink",
                "Use day_of_year().",
            )
    for replace in op.find(ops.RegexReplace, filter=None):
        if {"\\", "$"} & set(str(getattr(replace.replacement, "value", ""))):
            yield (
                "re_replace() puts parts of the match into the text, which Flink and DuckDB name "
                "differently",
                "Use re_extract() for the parts.",
            )


def _event_time(feature: Feature) -> Iterator[tuple[str, str]]:
    name, time = feature.source.name, feature.source.time
    copied = copied_from(feature.table.op(), time, name)
    if "window_end" in feature.columns or copied == time:
        return
    yield (
        f"its rows have neither window_end nor an unchanged {time}, so nothing says when they are "
        "final",
        f"Select {_time(feature)} too.",
    )


def _unbounded(feature: Feature) -> Iterator[tuple[str, str]]:
    op = feature.table.op()
    for node in op.find((ops.Aggregate, ops.Distinct)):
        bounds = {"window_start", "window_end"}
        if isinstance(node, ops.Aggregate) and bounds <= node.groups.keys():
            continue
        yield (
            "it aggregates without a window, so no row would ever be final",
            f"Use {feature.source.name}.window_by({_time(feature)}) and .agg(), or .over() a range "
            "window.",
        )


def _orders(feature: Feature) -> Iterator[tuple[str, str]]:
    for window in feature.table.op().find(ops.WindowFunction):
        if [_is_time(feature, key.arg) and key.ascending for key in window.order_by] != [True]:
            yield (
                f"a window of .over() is not ordered by {_time(feature)} alone, ascending",
                f"Use order_by={_time(feature)}; only this column has a watermark.",
            )
        if isinstance(window.func, _LOOKING_AHEAD):
            yield (
                f"{_method(window.func)}() needs rows that follow, which a stream has not read yet",
                "Use lag(), row_number() or an aggregate, which look back.",
            )
        if isinstance(window.func, ops.ArrayCollect):
            yield (
                "Flink SQL has no collect() in a window of .over()",
                f"Use it in .agg() of {feature.source.name}.window_by({_time(feature)}).",
            )
        if isinstance(window.func, ops.Reduction) and not _ends_at_current_row(window):
            yield (
                "a window of .over() does not end at the current row",
                "Use following=0; a stream cannot see the rows that follow.",
            )
    for project in feature.table.op().find(ops.Project):
        shapes = {
            # For Flink, a row number counts rows, and all other functions have a range of time.
            (
                *(window.group_by, window.order_by, window.how, window.start),
                isinstance(window.func, ops.RowNumber),
            )
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
        if not _is_time(feature, window.time_col):
            yield (
                f"window_by() uses a column other than {_time(feature)}",
                f"Use window_by({_time(feature)}); only this column has a watermark.",
            )


def _sql(feature: Feature) -> Iterator[tuple[str, str]]:
    try:
        compile_query(feature)
    except (IbisError, NotImplementedError, ValueError, TypeError) as error:
        said = (str(error) or type(error).__name__).partition("\n")[0].rstrip(". ")
        yield f"Ibis cannot write it as Flink SQL: {said}", "Rewrite the expression."


def _time(feature: Feature) -> str:
    """The time column, as it is written in an expression."""
    return f"{feature.source.name}.{feature.source.time}"


def _is_time(feature: Feature, value: Any) -> bool:
    name, time = feature.source.name, feature.source.time
    return isinstance(value, ops.Field) and copied_from(value.rel, value.name, name) == time


def _method(function: ops.Value) -> str:
    """The name of an operation in Ibis's API: `percent_rank` for `PercentRank`."""
    name = type(function).__name__.replace("NTile", "Ntile")
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _ends_at_current_row(window: Any) -> bool:
    end = window.end
    if end is None:
        return False
    value = end.value
    while isinstance(value, ops.Cast | ops.Negate):
        value = value.arg
    return isinstance(value, ops.Literal) and value.value == 0
