"""What a table is asked for, and the page it answers with."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic

from .column import Columns, RowT
from .filter import Filter


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows, in which order.

    Attributes:
        sort: Name of a column; empty for the order in which the rows come.
        descending: Whether the largest comes first.
        filter: What rows have to be like.
        feature: Of which feature, where a table shows one of several; empty for its first.
    """

    sort: str = ""
    descending: bool = True
    filter: Filter = field(default_factory=Filter)
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """The first rows that a query finds.

    Attributes:
        rows: In the order asked for.
        matched: How many rows the filter lets pass.
        total: How many rows there are.
        truncated: Whether there were more than that, some of which are forgotten.
        query: What was asked.
    """

    rows: tuple[RowT, ...] = ()
    matched: int = 0
    total: int = 0
    truncated: bool = False
    query: Query = field(default_factory=Query)


def select(
    rows: Iterable[RowT],
    query: Query,
    columns: Columns[RowT],
    limit: int | None = None,
) -> Page[RowT]:
    """Answer a query from rows that are all at hand.

    Args:
        rows: In the order in which they are shown when nothing else is asked for.
        query: What is wanted.
        columns: Of the rows.
        limit: Rows of the page; all of them for None.
    """
    everything = list(rows)
    found = everything
    if query.filter:
        found = [row for row in everything if query.filter.matches(columns.getter(row))]
    if query.sort:
        found = sorted(found, key=columns.sort_key(query.sort), reverse=query.descending)
    return Page(tuple(found[:limit]), len(found), len(everything), query=query)
