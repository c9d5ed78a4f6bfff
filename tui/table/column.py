"""The declaration of a table's column, used to filter, sort, draw and export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Generic, TypeVar

from tui.drawing.tones import Piece

from .filter import Get

RowT = TypeVar("RowT")


def _nothing(_: object) -> None:
    return None


def _blank(_row: object, _now: float) -> Sequence[Piece]:
    return ()


@dataclass(frozen=True, slots=True)
class Column(Generic[RowT]):
    """A column of a table.

    Attributes:
        title: Its heading.
        width: Minimum width in cells; 0 for a column that is not drawn.
        cell: Returns the pieces of a row's cell, at a time in seconds since the epoch.
        name: The name in filters and exports; empty for a column that is only drawn.
        kind: `int`, `float`, `Decimal`, `bool`, `str` or `datetime`.
        places: The digits of a `Decimal` behind the point.
        value: Returns a row's value to filter, sort and export by; None when it has none.
        masked: Returns a row's value as exports have it, a text, if it may be hidden; None if it
            may not.
        word: Whether words in a filter are searched in it.
        letter: The key that sorts by it; empty for none.
        right: Whether it is right-aligned, like numbers.
        drop: In a narrow table, columns with the highest number are dropped first; 0 always stays.
        grow: Additional cells it takes when there are some left.
        spreads: Whether a cell that does not fit starts further left, over empty cells; only for
            the last column.
    """

    title: str = ""
    width: int = 0
    cell: Callable[[RowT, float], Sequence[Piece]] = _blank
    name: str = ""
    kind: type = str
    places: int = 0
    value: Callable[[RowT], Any] = _nothing
    masked: Callable[[RowT], str | None] | None = None
    word: bool = False
    letter: str = ""
    right: bool = False
    drop: int = 0
    grow: int = 0
    spreads: bool = False


class Columns(Generic[RowT]):
    """The columns of one kind of row.

    Args:
        columns: The columns, in the order in which they are drawn and exported.
    """

    def __init__(self, *columns: Column[RowT]) -> None:
        self.declared: Final = columns
        """All columns, in their order."""
        self._by_name: Final = {each.name: each for each in columns if each.name}

    @cached_property
    def drawn(self) -> tuple[Column[RowT], ...]:
        return tuple(each for each in self.declared if each.width)

    @cached_property
    def kinds(self) -> Mapping[str, type]:
        """The types of the columns that have values, by name."""
        return {name: each.kind for name, each in self._by_name.items()}

    @cached_property
    def _words(self) -> tuple[Column[RowT], ...]:
        return tuple(each for each in self._by_name.values() if each.word)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The digits of decimals behind the point, by name."""
        return {name: each.places for name, each in self._by_name.items()}

    @cached_property
    def exported(self) -> Mapping[str, type]:
        """The types of the columns in exports, by name; what may be hidden is text."""
        return {
            name: each.kind if each.masked is None else str for name, each in self._by_name.items()
        }

    def values(self, row: RowT) -> list[Any]:
        """Return a row's values for an export, in the order of `exported`."""
        return [(each.masked or each.value)(row) for each in self._by_name.values()]

    def as_shown(self, row: RowT, values: Iterable[Any]) -> list[str]:
        """Return some of a row's values as texts; those of hidden columns as they are shown."""
        hidden = {
            each.value(row): each.masked(row)
            for each in self._by_name.values()
            if each.masked is not None
        }
        return [str(hidden.get(value, value)) for value in values]

    def getter(self, row: RowT) -> Get:
        """Return the lookup of a row's values that a filter needs."""

        def get(name: str) -> object:
            if name:
                return self._by_name[name].value(row) if name in self._by_name else None
            return tuple(str(each.value(row)) for each in self._words)

        return get

    def sort_key(self, name: str) -> Callable[[RowT], Any]:
        """Return a sort key; rows without a value sort before all others."""
        value_of = self._by_name[name].value

        def key(row: RowT) -> tuple[bool, Any]:
            value = value_of(row)
            return (value is not None, 0 if value is None else value)

        return key
