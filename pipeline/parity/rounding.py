"""Bounds the rounding error of a measure: Flink and DuckDB sum in different orders.

Flink keeps a running sum for each window of `.over()`: a row that enters is added, one that leaves
is subtracted, and each of these steps rounds. With u = 2^-53, a step that arrives at the sum s is
off by at most u·|s|, and |s| is at most A, the sum of the magnitudes in the window. The error stays
in the sum when the rows are gone. After N rows have entered, and at most as many have left, it is
at most

    2·N·u·max(A)

with the maximum over all that went through the window since the state began, and not only over what
is in it now: once 92,445,516.64 has passed, 1.01 comes out as 1.00999999046. DuckDB adds its own
N·u·A, and a square in a variance is one step more, so that 4·N·u·max(A) bounds the difference. For
a window of `window_by` all is the same within the window. A mean divides sum and bound by the
count; variances are made of the sums of squares.

A measure may be anything computed from such sums. So the expression itself is evaluated with each
sum moved by its bound, up and down, and what that changes is allowed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import duckdb
import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

from pipeline.features import Feature
from pipeline.features.rewriting import rewritten
from pipeline.text.sql import identifier

from .batch import EVERY_RECORD, query, use_groups
from .compare import RELATIVE_TOLERANCE, matching
from .sql_names import same
from .tables import StoredRows

_STEP: Final = 4 * 2.0**-53
_SUMS: Final = (ops.Sum, ops.Mean, ops.Variance, ops.StandardDev)


def remove_rounded(
    feature: Feature, streams: Sequence[StoredRows], *, without: Mapping[str, str] = EVERY_RECORD
) -> int:
    """Remove rows from `wrong` that rounding explains, and return their number.

    Args:
        feature: The feature.
        streams: The records of each source that the job has read.
        without: By table of records, a table with the `__row` of those to leave out.
    """
    connection = streams[0].connection
    use_groups(feature, streams, "wrong", without=without)
    forgiven = rounding_explains(feature, connection, "wrong")
    row = connection.execute(f"SELECT coalesce(sum(__n), 0) FROM wrong WHERE {forgiven}").fetchone()
    assert row is not None
    connection.execute(f"DELETE FROM wrong WHERE {forgiven}")
    return int(row[0])


def rounding_explains(feature: Feature, connection: duckdb.DuckDBPyConnection, rows: str) -> str:
    """The condition that rounding explains a row, given the table or view `INPUT`.

    Args:
        feature: Whose rows they are.
        connection: To the database.
        rows: The table they are in; others than those that are there now are not looked for.
    """
    if not _move_all(feature, connection, rows):
        return "false"
    fits = (_fits(feature, name, scope, rows) for name, scope in _scopes(feature).items())
    return f"""EXISTS (SELECT 1 FROM moved m
        WHERE {same(feature.identity, "m", rows)} AND {" AND ".join(fits)})"""


def rounding_of_more_explains(
    feature: Feature, transactions: StoredRows, computed: str, rows: str, most: int
) -> str:
    """The condition that rounding explains the difference of a row from a computed one.

    The error stays of what has gone through a window before, which is not in what a row of a late
    transaction is computed from. So the bound is that of all records of its group.

    Args:
        feature: Whose rows they are.
        transactions: The records of the source that the job has read.
        computed: The table of the computed rows.
        rows: The table of the rows.
        most: Of how many records at most a row of all records is made: its mean moves by less than
            that of fewer records.
    """
    use_groups(feature, [transactions], rows)
    if not _move_all(feature, transactions.connection, rows):
        return "false"
    fits = (
        matching(feature, name, computed, rows, f"{most} * m.{scope}")
        if _is_rounded(feature, name)
        else matching(feature, name, computed, rows)
        for name, scope in _scopes(feature).items()
    )
    return f"""EXISTS (SELECT 1 FROM moved m JOIN {computed}
        ON {same(feature.identity, "m", computed)}
        WHERE {same(feature.identity, "m", rows)} AND {" AND ".join(fits)})"""


def _scopes(feature: Feature) -> dict[str, str]:
    """The columns of the table `moved` that say how far a measure may be off."""
    return {name: identifier(f"__{name}") for name in feature.measures}


def _move_all(feature: Feature, connection: duckdb.DuckDBPyConnection, rows: str) -> bool:
    """Create the table `moved` of the rows that are computed from `INPUT`; False if none can move.

    Args:
        feature: The feature.
        connection: To the database.
        rows: The table with the rows that are looked for.
    """
    moved = list(_moved(feature.table))
    any_row = connection.execute(f"SELECT 1 FROM {rows} LIMIT 1").fetchone()
    if not (moved and feature.measures and any_row):
        return False

    def computed(table: ir.Table) -> str:
        return f"""(SELECT e.* FROM ({query(table, feature.sources)}) e
            SEMI JOIN {rows} w ON {same(feature.identity, "e", "w")})"""

    measures = _scopes(feature)
    begun = ", ".join(_begun(feature, name, scope) for name, scope in measures.items())
    connection.execute(
        f"""CREATE OR REPLACE TEMP TABLE moved AS
            SELECT c.*, {begun} FROM {computed(feature.table)} c"""
    )
    widened = ", ".join(_widened(feature, name, scope) for name, scope in measures.items())
    # One after the other, since all at once need the memory of as many joins. Rows of one identity
    # have equal measures, or each is compared with each.
    for table in moved:
        connection.execute(
            f"""CREATE OR REPLACE TEMP TABLE moved AS SELECT m.* REPLACE ({widened})
                FROM moved m JOIN {computed(table)} v ON {same(feature.identity, "m", "v")}
                GROUP BY ALL"""
        )
    return True


def _is_rounded(feature: Feature, name: str) -> bool:
    return feature.columns[name] in RELATIVE_TOLERANCE


def _begun(feature: Feature, name: str, scope: str) -> str:
    """Return SQL for how far a measure may be off, or for its possible values."""
    return f"{'0.0' if _is_rounded(feature, name) else '[' + _boxed(name, 'c') + ']'} AS {scope}"


def _widened(feature: Feature, name: str, scope: str) -> str:
    """Return SQL for the same with another variant `v` of the row."""
    column = identifier(name)
    if _is_rounded(feature, name):
        more = f"max(m.{scope} + coalesce(abs(v.{column} - m.{column}), 0.0))"
    else:
        # A value that a comparison of sums decides may turn out either way.
        more = f"list_append(first(m.{scope}), first({_boxed(name, 'v')}))"
    return f"{more} AS {scope}"


def _fits(feature: Feature, name: str, scope: str, rows: str) -> str:
    if _is_rounded(feature, name):
        return matching(feature, name, "m", rows, f"m.{scope}")
    return f"list_contains(m.{scope}, {_boxed(name, rows)})"


def _boxed(name: str, table: str) -> str:
    """Return SQL for a value in a struct, in which null equals null."""
    return f"{{'value': {table}.{identifier(name)}}}"


def _moved(table: ir.Table) -> Iterator[ir.Table]:
    """Yield the expression with each of its sums shifted by its error bound, up and down."""
    for number in range(_Move(-1, 0.0).count(table)):
        for sign in (1.0, -1.0):
            yield _Move(number, sign).apply(table)


class _Move:
    """Shifts one sum of an expression.

    Args:
        which: Index of the sum, in the order of traversal.
        sign: 1 for up, -1 for down.
    """

    def __init__(self, which: int, sign: float) -> None:
        self._which = which
        self._sign = sign
        self._met = 0

    def count(self, table: ir.Table) -> int:
        """Number of sums in the expression."""
        self.apply(table)
        return self._met

    def apply(self, table: ir.Table) -> ir.Table:
        """Return the expression with the sum shifted."""

        def rewrite(node: Any) -> Any:
            if isinstance(node, ops.WindowAggregate):
                return self._aggregate(node)
            return self._project(node) if isinstance(node, ops.Project) else node

        return rewritten(table, rewrite)

    def _due(self) -> bool:
        self._met += 1
        return self._met - 1 == self._which

    def _aggregate(self, node: Any) -> Any:
        moved = {}
        for value in node.metrics.values():
            for total in _found(value):
                if total not in moved and self._due():
                    size = _magnitude(total).sum(where=_where(total))
                    count = _value(total).count(where=_where(total))
                    moved[total] = self._shifted(total, total, size * count * _STEP, count)
        if not moved:
            return node
        metrics = {name: value.replace(moved) for name, value in node.metrics.items()}
        return node.copy(metrics=metrics)

    def _project(self, node: Any) -> Any:
        for name, value in node.values.items():
            del name
            for window in value.find(ops.WindowFunction, filter=ops.Value):
                if isinstance(window.func, _SUMS) and _is_float(window.func) and self._due():
                    return self._over(node, window)
        return node

    def _over(self, node: Any, window: Any) -> Any:
        total = window.func
        where = _where(total)
        size = _magnitude(total)
        size = size if where is None else where.ifelse(size, 0.0)
        in_window = window.copy(func=ops.Sum(size)).to_expr()
        below = node.parent.to_expr().mutate(__size=in_window)

        def rebound(value: Any) -> Any:
            return value.replace({node.parent: below.op()})

        base = rebound(window)
        most = base.copy(func=ops.Max(below["__size"]), start=None).to_expr()
        steps = base.copy(func=ops.CountStar(below), start=None).to_expr()
        count = base.copy(func=ops.Count(rebound(_value(total).op()), where=base.func.where))
        moved = self._shifted(base, base.func, most * steps * _STEP, count.to_expr())
        values = {
            name: rebound(value).replace({base: moved}) for name, value in node.values.items()
        }
        return below.select(**{name: value.to_expr() for name, value in values.items()}).op()

    def _shifted(self, node: Any, total: Any, bound: Any, count: Any) -> Any:
        """Shift a node by the error bound of its sum or of its sum of squares."""
        value = node.to_expr()
        if isinstance(total, ops.Sum):
            return (value + self._sign * bound).op()
        if isinstance(total, ops.Mean):
            return (value + self._sign * bound / count).op()
        divided = bound / (count - 1 if total.how == "sample" else count)
        if isinstance(total, ops.Variance):
            return (value + self._sign * divided).op()
        square = value * value + self._sign * divided
        return ibis.greatest(square, 0.0).sqrt().op()


def _found(value: Any) -> list[Any]:
    return [node for node in value.find(_SUMS, filter=ops.Value) if _is_float(node)]


def _is_float(total: Any) -> bool:
    return bool(total.dtype.is_floating())


def _value(total: Any) -> Any:
    return total.arg.to_expr()


def _where(total: Any) -> Any:
    return None if total.where is None else total.where.to_expr()


def _magnitude(total: Any) -> Any:
    value = _value(total).cast("float64")
    return value.abs() if isinstance(total, ops.Sum | ops.Mean) else value * value
