"""Joins of two sources by time: which records make a pair, as the expression says it.

Flink keeps a record of either side only as long as one of the other side may come, and so needs
bounds on how far apart the times of a pair are. They tell `verify` what a row is made of, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import ibis.expr.operations as ops

from pipeline.sources import Source
from pipeline.text.words import counted

from .lineage import copied_from
from .windows import interval

_ROW_BY_ROW: Final = (
    *(ops.UnboundTable, ops.Project, ops.Filter, ops.DropColumns),
    *(ops.JoinChain, ops.JoinReference),
)
_LEAST: Final[Mapping[type[Any], timedelta]] = {
    ops.Greater: timedelta(milliseconds=1),
    ops.GreaterEqual: timedelta(),
    ops.Equals: timedelta(),
}
"""By comparison, how far above the bound the least time is that fulfils it, in milliseconds."""
_MOST: Final[Mapping[type[Any], timedelta]] = {
    ops.Less: -timedelta(milliseconds=1),
    ops.LessEqual: timedelta(),
    ops.Equals: timedelta(),
}
"""By comparison, how far above the bound the latest time is that fulfils it."""
_TURNED: Final[Mapping[type[Any], type[Any]]] = {
    ops.Greater: ops.Less,
    ops.GreaterEqual: ops.LessEqual,
    ops.Less: ops.Greater,
    ops.LessEqual: ops.GreaterEqual,
    ops.Equals: ops.Equals,
}
"""The same comparison with its sides exchanged."""


@dataclass(frozen=True, slots=True)
class IntervalJoin:
    """What makes a pair of a record of one source and a record of another.

    Attributes:
        earliest: The least time from the first record to the second; negative if the second may be
            the earlier one.
        latest: The most time likewise.
        keys: The columns that are equal, of the first source and of the second.
    """

    earliest: timedelta
    latest: timedelta
    keys: tuple[tuple[str, str], ...]

    @property
    def before(self) -> timedelta:
        """How far the second record may be before the first."""
        return max(-self.earliest, timedelta())

    @property
    def after(self) -> timedelta:
        """How far the second record may be after the first."""
        return max(self.latest, timedelta())


@dataclass(frozen=True, slots=True)
class _Apart:
    """How the time from the first record to the second compares with a bound."""

    comparison: type[Any]
    bound: timedelta


def interval_join(relation: ops.Relation, sources: Sequence[Source]) -> IntervalJoin:
    """Return how an expression joins two sources.

    Args:
        relation: The expression.
        sources: The two sources of its tables.

    Raises:
        ValueError: It is no such join; the message says why, as a clause.
    """
    if len(sources) != 2:
        raise ValueError(f"it reads {counted(len(sources), 'source')}, and a join has two")
    first, second = (source.name for source in sources)
    chains = list(relation.find(ops.JoinChain, filter=None))
    if len(chains) != 1 or sorted(_joined(chains[0])) != sorted(([first], [second])):
        raise ValueError(f"it does not join {first} and {second} once")
    (link,) = chains[0].rest
    if link.how != "inner":
        raise ValueError(f"it is a join of the kind {link.how!r}, and only 'inner' can be proved")
    parts = relation.find((ops.Relation, ops.WindowFunction), filter=None)
    if not all(isinstance(part, _ROW_BY_ROW) for part in parts):
        raise ValueError("it has more than a join, and filters and columns before and after it")
    times = {source.name: source.time for source in sources}
    earliest, latest = list[timedelta](), list[timedelta]()
    keys = list[tuple[str, str]]()
    for condition in _conditions(link.predicates):
        apart = _apart(condition, times)
        if apart is not None:
            kind, bound = apart.comparison, apart.bound
            earliest += [bound + _LEAST[kind]] if kind in _LEAST else []
            latest += [bound + _MOST[kind]] if kind in _MOST else []
        elif (key := _key(condition, first, second)) is not None:
            keys.append(key)
    if not keys:
        raise ValueError(
            f"its join has no column of {first} that equals one of {second}, of the same type and "
            "no float"
        )
    if not (earliest and latest) or max(earliest) > min(latest):
        raise ValueError("its join does not bound how far apart the times of both are")
    return IntervalJoin(max(earliest), min(latest), tuple(keys))


def _joined(chain: ops.JoinChain) -> list[list[str]]:
    """Return the names of the tables that each side of a join is made of."""
    sides = (side.find(ops.UnboundTable, filter=None) for side in chain.tables)
    return [[table.name for table in side] for side in sides]


def _conditions(predicates: Iterable[Any]) -> Iterator[Any]:
    """Yield the conditions that all have to hold, with one comparison each where that can be."""
    for each in predicates:
        if isinstance(each, ops.And):
            yield from _conditions((each.left, each.right))
        elif isinstance(each, ops.Between):
            yield ops.GreaterEqual(each.arg, each.lower_bound)
            yield ops.LessEqual(each.arg, each.upper_bound)
        else:
            yield each


def _apart(condition: Any, times: Mapping[str, str]) -> _Apart | None:
    """Return how a condition compares the times of both sides; None if it does not.

    Args:
        condition: The condition.
        times: The time column of each source, the first one first, by the name of its table.
    """
    if type(condition) not in _TURNED:
        return None
    left, right = _moment(condition.left, times), _moment(condition.right, times)
    if left is None or right is None or left[0] == right[0]:
        return None
    if left[0] == next(iter(times)):
        return _Apart(_TURNED[type(condition)], left[1] - right[1])
    return _Apart(type(condition), right[1] - left[1])


def _moment(value: Any, times: Mapping[str, str]) -> tuple[str, timedelta] | None:
    """Return whose time a value is, and how much later; None if it is nothing of that kind."""
    if isinstance(value, ops.Field):
        for table, time in times.items():
            if copied_from(value.rel, value.name, table) == time:
                return table, timedelta()
    if isinstance(value, ops.TimestampAdd | ops.TimestampSub):
        moment = _moment(value.left, times)
        try:
            length = interval(value.right)
        except (ValueError, KeyError):
            return None
        if moment is not None:
            later = length if isinstance(value, ops.TimestampAdd) else -length
            return moment[0], moment[1] + later
    return None


def _key(condition: Any, first: str, second: str) -> tuple[str, str] | None:
    """Return the columns of both sides that a condition says to be equal; None if it does not."""
    if not isinstance(condition, ops.Equals):
        return None
    sides = (condition.left, condition.right)
    if sides[0].dtype != sides[1].dtype:
        return None
    # Flink tells 0.0 from -0.0.
    if not all(isinstance(side, ops.Field) and not side.dtype.is_floating() for side in sides):
        return None
    for one, other in (sides, sides[::-1]):
        key = copied_from(one.rel, one.name, first), copied_from(other.rel, other.name, second)
        if key[0] is not None and key[1] is not None:
            return key[0], key[1]
    return None
