"""A table's query, and the page of rows that answers it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic

from .column import Columns, RowT
from .filter import Filter


@dataclass(frozen=True, slots=True)
class Query:
    """The filter and the order of a table's rows.

    Attributes:
        sort: Name of a column; the rows' own order for any other name.
        descending: Whether the largest comes first.
        filter: The filter that rows must match.
        feature: The feature to show, for a table that shows one of several; empty for the first.
    """

    sort: str = ""
    descending: bool = True
    filter: Filter = field(default_factory=Filter)
    feature: str = ""


@dataclass(frozen=True, slots=True)
class Page(Generic[RowT]):
    """The first rows of a query.

    Attributes:
        rows: The rows, in the order of the query.
        matched: Number of rows that match the filter.
        total: Number of all rows.
        truncated: Whether there were more rows, some of which were dropped.
        query: The query.
        columns: The rows' columns, where they are not those of the table.
        frozen: Whether the rows stay as they are, whatever is asked.
    """

    rows: tuple[RowT, ...] = ()
    matched: int = 0
    total: int = 0
    truncated: bool = False
    query: Query = field(default_factory=Query)
    columns: Columns[Any] | None = None
    frozen: bool = False

    @property
    def answers(self) -> Query | None:
        """The query that the rows answer; None where they are the answer to every one."""
        return None if self.frozen else self.query


def select(
    rows: Iterable[RowT],
    query: Query,
    columns: Columns[RowT],
    limit: int | None = None,
) -> Page[RowT]:
    """Answer a query from rows in memory.

    Args:
        rows: All rows, in the order for a query without sorting.
        query: The query.
        columns: The rows' columns.
        limit: Maximum number of rows of the page; None for all.
    """
    everything = list(rows)
    found = everything
    if query.filter:
        found = [row for row in everything if query.filter.matches(columns.getter(row))]
    if query.sort in columns.kinds:
        found = sorted(found, key=columns.sort_key(query.sort), reverse=query.descending)
    return Page(tuple(found[:limit]), len(found), len(everything), query=query)
