"""The transactions' columns that a feature's rows are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import ibis.expr.operations as ops

from pipeline.features import Feature
from pipeline.features.interval_join import IntervalJoin
from pipeline.features.lineage import copied_from, origin
from pipeline.sources import Source

WINDOW: Final = ("window_start", "window_end")
ORDERED: Final = (
    ops.Lag,
    ops.Lead,
    ops.First,
    ops.Last,
    ops.NthValue,
    ops.RowNumber,
    ops.MinRank,
    ops.DenseRank,
    ops.ArgMin,
    ops.ArgMax,
    ops.GroupConcat,
    ops.ArrayCollect,
)
"""Operations that depend on the order of rows, even of rows with equal times."""


def copied(feature: Feature, source: Source | None = None) -> dict[str, str]:
    """Map the identity columns that are copied from a transaction to the transaction's columns.

    Args:
        feature: The feature.
        source: The source of the transaction; the first one if nothing is said. What is equal in
            both records of a pair is copied from either.
    """
    op, source = feature.table.op(), source or feature.source
    found = {}
    for name in feature.identity:
        column = _source(op, name, source)
        if column is not None:
            found[name] = column
    if feature.join is not None:
        for other, own in _equal(feature.join, feature.sources, source):
            for name in feature.identity:
                if copied_from(op, name, other.name) == own[0]:
                    found.setdefault(name, own[1])
    return found


def _equal(
    join: IntervalJoin, sources: Sequence[Source], source: Source
) -> Iterator[tuple[Source, tuple[str, str]]]:
    """Yield columns of the other source of a pair, each with that of this source that equals it."""
    first, second = sources
    for one, two in join.keys:
        yield (second, (two, one)) if source == first else (first, (one, two))


def keys(feature: Feature) -> dict[str, str]:
    """Map the identity columns by which all windows are grouped to the transaction's columns."""
    shared: set[str] | None = None
    for window in windows(feature):
        groups = (
            [(window.parent, value) for value in window.groups.values()]
            if isinstance(window, ops.WindowAggregate)
            else [(None, value) for value in window.group_by]
        )
        names = {_of_value(value) for _, value in groups} - {None}
        shared = {str(n) for n in names} if shared is None else shared & {str(n) for n in names}
    return {name: column for name, column in copied(feature).items() if column in (shared or ())}


def windows(feature: Feature) -> list[Any]:
    """Return the windows of an expression, of `window_by` and of `.over()`."""
    return list(feature.table.op().find((ops.WindowFunction, ops.WindowAggregate)))


def is_windowed(feature: Feature) -> bool:
    """Whether each row stands for a window that is computed from transactions directly."""
    found = windows(feature)
    named = set(WINDOW) <= set(feature.identity)
    return named and len(found) == 1 and isinstance(found[0], ops.WindowAggregate)


def keeps_one_state(feature: Feature) -> bool:
    """Whether all windows are `.over()` the same range of time and the same group.

    Flink then keeps a group's transactions in one state, with one timer.
    """
    found = windows(feature)
    ranges = {
        (window.group_by, window.start)
        for window in found
        if isinstance(window, ops.WindowFunction) and window.how == "range" and window.start
    }
    bounded = all(isinstance(window, ops.WindowFunction) and window.start for window in found)
    return bounded and len(ranges) == 1 and set(keys(feature).values()) == _grouped(found[0])


def _grouped(window: Any) -> set[str | None]:
    return {_of_value(value) for value in window.group_by}


def in_one_window(feature: Feature) -> bool:
    """Whether each transaction is in one window only, so that a late one is dropped at once."""
    return [window.window_type for window in windows(feature)] == ["tumble"]


def depends_on_order(feature: Feature) -> bool:
    """Whether rows depend on the order of a user's transactions with equal times."""
    counts_rows = any(
        isinstance(window, ops.WindowFunction) and window.how == "rows" and window.start is not None
        for window in windows(feature)
    )
    return counts_rows or bool(feature.table.op().find(ORDERED))


def _source(op: ops.Relation, name: str, source: Source) -> str | None:
    relation, at = origin(op, name)
    if isinstance(relation, ops.PhysicalTable):
        return at if relation.name == source.name else None
    if isinstance(relation, ops.WindowAggregate) and at in relation.groups:
        return _of_value(relation.groups[at])
    return None


def _of_value(value: Any) -> str | None:
    if not isinstance(value, ops.Field):
        return None
    relation, at = origin(value.rel, value.name)
    return at if isinstance(relation, ops.PhysicalTable) else None
