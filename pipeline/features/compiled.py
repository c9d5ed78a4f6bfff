"""Compiles expressions to SQL for Flink and DuckDB."""

from __future__ import annotations

from typing import Any, Literal

import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot.expressions as sge

Engine = Literal["flink", "duckdb"]


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
        table = _rounded_down(table)
    compiler = getattr(compilers, engine).compiler
    query = compiler.to_sqlglot(table).transform(_as_double)
    return str(query.sql(dialect=compiler.dialect, pretty=True))


def _rounded_down(table: ir.Table) -> ir.Table:
    """Write `//` as the floor of a quotient of doubles, as Ibis does for DuckDB.

    For Flink, Ibis divides the whole numbers themselves, which rounds towards zero, and does not
    cast the floor of a double to a whole number.
    """

    def rewrite(node: Any, changed: dict[str, Any] | None) -> Any:
        node = node.__recreate__(changed) if changed else node
        if isinstance(node, ops.FloorDivide):
            return ops.Floor(ops.Divide(node.left, node.right))
        return node

    return table.op().replace(rewrite).to_expr()


def _as_double(node: Any) -> Any:
    if isinstance(node, sge.Literal) and not node.is_string:
        digits = node.this
        if "." in digits and "e" not in digits.lower():
            return sge.Literal.number(f"{digits}E0")
    return node
