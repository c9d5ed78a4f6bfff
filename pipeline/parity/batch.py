"""Evaluates a feature in batch: the expression that runs on Flink, on DuckDB."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache, reduce
from typing import Any, Final

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import pyarrow as pa

from pipeline.features import Feature
from pipeline.features.compiled import to_sql
from pipeline.features.cumulate import CUMULATE
from pipeline.features.rewriting import rewritten
from pipeline.features.windows import interval
from pipeline.sources import Source
from pipeline.text.sql import identifier

from .origins import keys
from .sql_names import joined, listed
from .tables import StoredRows

INPUT: Final = "__input"
"""Table or view of the source's records in DuckDB: a topic may have the name of another table.

A second source's has a number behind it.
"""
EVERY_RECORD: Final[Mapping[str, str]] = {}
"""Leaves no records out."""
_SHORTEST: Final = timedelta(microseconds=1)
"""A window of one moment still makes a row wait until the watermark has passed it."""


def evaluate(feature: Feature, *streams: pa.Table) -> pa.Table:
    """Return all rows that a feature computes from these records.

    Args:
        feature: The feature.
        *streams: The columns of each of the feature's sources.

    Returns:
        The columns of the feature's sink.
    """
    connection = ibis.duckdb.connect()
    try:
        for source, records in zip(feature.sources, streams, strict=True):
            connection.create_table(source.name, records)
        rows = connection.to_pyarrow(for_duckdb(feature.table))
        return rows.select(list(feature.columns))
    finally:
        connection.disconnect()


def query(table: ir.Table, sources: Sequence[Source] = ()) -> str:
    """Compile an expression over sources to SQL for DuckDB, over their views.

    A decimal number is as exact as its column, as in a sink; null if it is too large for it.

    Args:
        table: The expression.
        sources: The sources in their order; not needed if there is one.
    """
    return _query(table.op(), tuple(source.name for source in sources))


def view_of(number: int) -> str:
    """Return the name of the table or view of a source's records: `INPUT` for the first, 0."""
    return f"{INPUT}{number or ''}"


def use_groups(
    feature: Feature,
    streams: Sequence[StoredRows],
    rows: str,
    *,
    without: Mapping[str, str] = EVERY_RECORD,
) -> None:
    """Create the views of the records in the groups of some rows.

    Args:
        feature: The feature.
        streams: The records of each source that the job has read.
        rows: The table with the rows.
        without: By table of records, a table with the `__row` of those to leave out.
    """
    grouped = keys(feature)
    for number, stream in enumerate(streams):
        left_out = without.get(stream.table)
        stream.connection.execute(
            f"""CREATE OR REPLACE TEMP VIEW {view_of(number)} AS
                SELECT {listed(stream.columns, "t")} FROM {stream.table} t
                {f"SEMI JOIN {rows} w ON {joined(grouped, 'w')}" if grouped else ""}
                {f"WHERE __row NOT IN (SELECT __row FROM {left_out})" if left_out else ""}"""
        )


@lru_cache(maxsize=64)
def _query(op: ops.Relation, sources: tuple[str, ...]) -> str:
    table = for_duckdb(op.to_expr()).op()

    def view(source: Any) -> str:
        return view_of(sources.index(source.name)) if sources else INPUT

    named = {source: ops.UnboundTable(view(source), source.schema) for source in _sources(table)}
    sql = to_sql(table.replace(named).to_expr(), "duckdb")
    exact = ", ".join(
        f"TRY_CAST({identifier(name)} AS {dtype}) AS {identifier(name)}"
        for name, dtype in op.schema.items()
        if dtype.is_decimal()
    )
    return f"SELECT * REPLACE ({exact}) FROM ({sql})" if exact else sql


def _sources(table: ops.Relation) -> list[Any]:
    return list(table.find(ops.UnboundTable))


def for_duckdb(table: ir.Table) -> ir.Table:
    """Rewrite an expression so that DuckDB computes what Flink does.

    DuckDB lacks Flink's windowing table functions, and Ibis 12 compiles `WindowAggregate` for Flink
    only. So `window_by` becomes plain relational terms; windows are aligned to the epoch, as in
    Flink. Some operations mean something else there than in DuckDB:

    - An aggregate over all rows up to the current one includes those of the same time: Ibis writes
      no bounds for Flink, and a range of time is the default.
    - Seconds since the epoch are whole.
    - A cast of a fraction to a whole number drops the fraction, where DuckDB rounds.
    - A cast of a truth value to a text gives TRUE, not true.
    - What does not match a pattern has no part of it: null, not an empty text.
    - The greatest and the least are null if any of the values is.
    - A whole number that is read from a text has no exponent, and its fraction is dropped.
    - Weeks begin on Sunday, not on Monday.
    """

    def rewrite(node: Any) -> Any:
        if isinstance(node, ops.WindowAggregate):
            return _spelled_out(node).op()
        if isinstance(node, ops.WindowFunction) and _takes_all_so_far(node):
            return node.copy(how="range")
        if isinstance(node, ops.ExtractEpochSeconds):
            return node.copy(arg=ops.TimestampTruncate(node.arg, "s"))
        if isinstance(node, ops.Cast) and _drops_fraction(node):
            return node.copy(arg=_without_fraction(node.arg.to_expr()).op())
        if isinstance(node, ops.Cast) and node.arg.dtype.is_boolean() and node.to.is_string():
            return ops.Uppercase(node)
        if isinstance(node, ops.RegexExtract):
            matches = ops.RegexSearch(node.arg, node.pattern).to_expr()
            return matches.ifelse(node.to_expr(), ibis.null("string")).op()
        if isinstance(node, ops.Greatest | ops.Least):
            missing = ibis.or_(*(value.to_expr().isnull() for value in node.arg))
            return missing.ifelse(ibis.null(node.dtype), node.to_expr()).op()
        if isinstance(node, ops.TryCast) and node.arg.dtype.is_string() and node.to.is_integer():
            return node.copy(arg=node.arg.to_expr().re_extract(_WHOLE, 1).op())
        if isinstance(node, _TRUNCATE) and node.unit.short == "W":
            # A day later, the weeks of both begin on the same day.
            later = node.copy(arg=(node.arg.to_expr() + _DAY).op())
            return (later.to_expr() - _DAY).op()
        return node

    return rewritten(table, rewrite)


_TRUNCATE: Final = (ops.TimestampTruncate, ops.DateTruncate)
_WHOLE: Final = r"^\s*([+-]?\d+)(\.\d*)?\s*$"
_DAY: Final = ibis.interval(days=1)


def _drops_fraction(cast: Any) -> bool:
    whole: bool = cast.to.is_integer()
    return whole and (cast.arg.dtype.is_floating() or cast.arg.dtype.is_decimal())


def _without_fraction(value: ir.NumericValue) -> ir.NumericValue:
    return (value < 0).ifelse(value.ceil(), value.floor())


def _takes_all_so_far(window: Any) -> bool:
    return isinstance(window.func, ops.Reduction) and window.start is None


def lookback(table: ir.Table) -> timedelta | None:
    """Return how far back in event time a row depends on others; None if there is no bound in time.

    Nested windows add up; columns of one select that share a window do not.
    """
    lengths: dict[tuple[Any, timedelta], timedelta] = {}
    for node in table.op().find((ops.WindowFunction, ops.WindowAggregate)):
        if isinstance(node, ops.WindowAggregate):
            parent, length = node.parent, interval(node.window_size)
        else:
            if node.how != "range" or node.start is None:
                return None
            parent, length = node.relations, interval(node.start.value)
        lengths[parent, length] = max(length, _SHORTEST)
    return sum(lengths.values(), timedelta())


@dataclass(frozen=True, slots=True)
class Reach:
    """How far the records that a row is made of may be from its event time.

    Attributes:
        before: How far they may be before it; None if there is no bound in time.
        after: How far they may be after it.
    """

    before: timedelta | None
    after: timedelta = timedelta()


def reaches(feature: Feature) -> tuple[Reach, ...]:
    """Return it for each source of a feature."""
    first = Reach(lookback(feature.table))
    join = feature.join
    return (first,) if join is None else (first, Reach(join.before, join.after))


def windows(table: ir.Table) -> int:
    """Return how many windows are computed one over the other."""
    return len(
        {
            node.parent if isinstance(node, ops.WindowAggregate) else node.relations
            for node in table.op().find((ops.WindowFunction, ops.WindowAggregate))
        }
    )


def _spelled_out(window: ops.WindowAggregate) -> ir.Table:
    size = int(interval(window.window_size).total_seconds())
    slide = int(interval(window.window_slide or window.window_size).total_seconds())
    offset = int(interval(window.window_offset).total_seconds()) if window.window_offset else 0
    parent = window.parent.to_expr()
    # Truncate to whole seconds first: a cast to an integer would round.
    epoch = window.time_col.to_expr().truncate("s").epoch_seconds()

    def bounded(start: Any, end: Any) -> ir.Table:
        return parent.mutate(window_start=start.as_timestamp("s"), window_end=end.as_timestamp("s"))

    # A row may fall into several windows: one branch each.
    if window.window_type == CUMULATE:
        start = (epoch - offset) // size * size + offset
        branches = [
            bounded(start, start + so_far).filter(epoch < start + so_far)
            for so_far in range(slide, size + 1, slide)
        ]
    else:
        start = (epoch - offset) // slide * slide + offset
        branches = [bounded(start - back, start - back + size) for back in range(0, size, slide)]
    rows = reduce(lambda left, right: left.union(right), branches)

    def rebind(value: Any) -> Any:
        """Bind a column expression to the rows with their windows."""
        return value.replace({window.parent: rows.op()}).to_expr()

    groups = {name: rebind(value) for name, value in window.groups.items()}
    metrics = {name: rebind(value) for name, value in window.metrics.items()}
    return rows.group_by(window_start=rows.window_start, window_end=rows.window_end, **groups).agg(
        **metrics
    )
