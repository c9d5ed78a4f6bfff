"""What a table is asked for, and the page it answers with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from .filter import Filter, Get

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Field(Generic[RowT]):
    """A field of a row, to filter, sort and export by.

    Attributes:
        name: As it is written in a filter and heads an exported column.
        kind: `int`, `float`, `str` or `datetime`.
        get: Its value; None when the row has none.
        word: Whether a word in a filter is looked for in it.
    """

    name: str
    kind: type
    get: Callable[[RowT], Any]
    word: bool = False


class Fields(Generic[RowT]):
    """The fields of one kind of row.

    Args:
        fields: In the order in which they are exported.
    """

    def __init__(self, *fields: Field[RowT]) -> None:
        self._by_name: Final = {each.name: each for each in fields}
        self._words: Final = tuple(each for each in fields if each.word)

    @property
    def kinds(self) -> Mapping[str, type]:
        """Each field's type."""
        return {name: each.kind for name, each in self._by_name.items()}

    def value(self, name: str, row: RowT) -> Any:
        """A row's value of a field."""
        return self._by_name[name].get(row)

    def values(self, row: RowT) -> list[Any]:
        """A row's values, in order."""
        return [each.get(row) for each in self._by_name.values()]

    def getter(self, row: RowT) -> Get:
        """How a filter looks at a row."""

        def get(name: str) -> object:
            if name:
                return self._by_name[name].get(row) if name in self._by_name else None
            return tuple(str(each.get(row)) for each in self._words)

        return get

    def sort_key(self, name: str) -> Callable[[RowT], Any]:
        """What rows are ordered by; a row without a value comes before all others."""
        get = self._by_name[name].get

        def key(row: RowT) -> tuple[bool, Any]:
            value = get(row)
            return (value is not None, 0 if value is None else value)

        return key


@dataclass(frozen=True, slots=True)
class Query:
    """Which rows, in which order.

    Attributes:
        sort: Name of a field; empty for the order in which the rows come.
        descending: Whether the largest comes first.
        filter: What rows have to be like.
    """

    sort: str = ""
    descending: bool = True
    filter: Filter = field(default_factory=Filter)


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
    fields: Fields[RowT],
    limit: int | None = None,
) -> Page[RowT]:
    """Answer a query from rows that are all at hand.

    Args:
        rows: In the order in which they are shown when nothing else is asked for.
        query: What is wanted.
        fields: Of the rows.
        limit: Rows of the page; all of them for None.
    """
    everything = list(rows)
    found = everything
    if query.filter:
        found = [row for row in everything if query.filter.matches(fields.getter(row))]
    if query.sort:
        found = sorted(found, key=fields.sort_key(query.sort), reverse=query.descending)
    return Page(tuple(found[:limit]), len(found), len(everything), query=query)
