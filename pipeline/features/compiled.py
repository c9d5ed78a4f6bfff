"""Compiles expressions to SQL for Flink and DuckDB."""

from __future__ import annotations

from typing import Any, Final, Literal

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge

from .rewriting import rewritten

Engine = Literal["flink", "duckdb"]
_AVERAGES: Final = (ops.Mean, ops.Variance, ops.StandardDev)


def to_sql(table: ir.Table, engine: Engine) -> str:
    """Compile an expression over unbound tables.

    Ibis writes a floating-point constant as `0.5`, which both engines read as a decimal: sums and
    products of such constants are decimals, and Flink's code for them is slow. `0.5E0` is a double.

    The `compile` of Ibis's backend for Flink is not used, since that of Ibis 12 writes an
    interval's precision twice (`MINUTE(3)(3)`) when two columns share a window.
    """
    # Late, since it loads the compilers of all backends, and what they need.
    from ibis.backends.sql import compilers

    if engine == "flink":
        table = _for_flink(table)
    compiler = getattr(compilers, engine).compiler
    query = compiler.to_sqlglot(table).transform(_as_double)
    return str(query.sql(dialect=compiler.dialect, pretty=True))


def _for_flink(table: ir.Table) -> ir.Table:
    """Rewrite an expression so that Flink computes values of the types that it has in Ibis.

    - `//` is the floor of a quotient of doubles, as Ibis writes it for DuckDB. For Flink, Ibis
      divides the whole numbers themselves, which rounds towards zero, and does not cast the floor
      of a double to a whole number.
    - What is averaged is a double: Flink's mean of whole numbers is a whole number.
    - What is summed is an int64: Flink's sum of smaller numbers is as small as they are.
    - What an array may contain is of the type of its elements: Flink casts no constant to it.
    - A standard deviation is the root of a variance that is not negative: Flink's may be, by its
      rounding, once others have left the window, and then has no root.
    """

    def deviation(node: Any) -> Any:
        if isinstance(node, ops.WindowFunction) and isinstance(node.func, ops.StandardDev):
            return _root(node.copy(func=_variance(node.func)))
        return node

    def rewrite(node: Any) -> Any:
        if isinstance(node, ops.FloorDivide):
            return ops.Floor(ops.Divide(node.left, node.right))
        if isinstance(node, ops.ArrayContains):
            return node.copy(other=ops.Cast(node.other, node.arg.dtype.value_type))
        if isinstance(node, _AVERAGES) and _is_whole(node.arg.dtype):
            node = node.copy(arg=ops.Cast(node.arg, dt.float64))
        if isinstance(node, ops.StandardDev):
            return _root(_variance(node))
        if isinstance(node, ops.Sum) and _is_whole(node.arg.dtype) and node.arg.dtype != dt.int64:
            return node.copy(arg=ops.Cast(node.arg, dt.int64))
        return node

    # Those of windows first: there, the variance takes the place, and the root is outside.
    return rewritten(rewritten(table, deviation), rewrite)


def _variance(deviation: Any) -> Any:
    return ops.Variance(deviation.arg, how=deviation.how, where=deviation.where)


def _root(variance: Any) -> Any:
    return ibis.greatest(variance.to_expr(), 0.0).sqrt().op()


def _is_whole(dtype: dt.DataType) -> bool:
    return bool(dtype.is_integer() or dtype.is_boolean())


def _as_double(node: Any) -> Any:
    if isinstance(node, sge.Literal) and not node.is_string:
        digits = node.this
        if "." in digits and "e" not in digits.lower():
            return sge.Literal.number(f"{digits}E0")
    return node
