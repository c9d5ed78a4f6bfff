"""A column of a table, declared once: filter, order, drawing and export all read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
    """One column.

    Attributes:
        title: Its heading.
        width: Cells it always has; 0 for one that is not drawn.
        cell: The pieces of a row's cell, at the time given in seconds since the epoch.
        name: As it is written in a filter and heads an exported column; empty for one that is only
            drawn.
        kind: `int`, `float`, `bool`, `str` or `datetime`.
        value: A row's value, to filter, sort and export by; None when the row has none.
        word: Whether a word in a filter is looked for in it.
        letter: The key that sorts by it; empty for none.
        right: Whether it is right-aligned, as numbers are.
        drop: Columns with the highest number go first when the width is short; 0 always stays.
        grow: Cells it takes beyond its width when there are some left.
        spreads: Whether a cell that does not fit begins further left, where cells are empty; only
            the last column may.
    """

    title: str = ""
    width: int = 0
    cell: Callable[[RowT, float], Sequence[Piece]] = _blank
    name: str = ""
    kind: type = str
    value: Callable[[RowT], Any] = _nothing
    word: bool = False
    letter: str = ""
    right: bool = False
    drop: int = 0
    grow: int = 0
    spreads: bool = False


class Columns(Generic[RowT]):
    """The columns of one kind of row.

    Args:
        columns: In the order in which they are drawn and exported.
    """

    def __init__(self, *columns: Column[RowT]) -> None:
        self._all: Final = columns
        self._by_name: Final = {each.name: each for each in columns if each.name}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Columns) and self._all == other._all

    __hash__ = None  # type: ignore[assignment]  # nothing is looked up by columns

    @cached_property
    def drawn(self) -> tuple[Column[RowT], ...]:
        return tuple(each for each in self._all if each.width)

    @cached_property
    def kinds(self) -> Mapping[str, type]:
        """The types of the columns that have values, by name."""
        return {name: each.kind for name, each in self._by_name.items()}

    @cached_property
    def _words(self) -> tuple[Column[RowT], ...]:
        return tuple(each for each in self._by_name.values() if each.word)

    def values(self, row: RowT) -> list[Any]:
        """A row's values, in the order of `kinds`."""
        return [each.value(row) for each in self._by_name.values()]

    def getter(self, row: RowT) -> Get:
        """How a filter looks at a row."""

        def get(name: str) -> object:
            if name:
                return self._by_name[name].value(row) if name in self._by_name else None
            return tuple(str(each.value(row)) for each in self._words)

        return get

    def sort_key(self, name: str) -> Callable[[RowT], Any]:
        """What rows are ordered by; a row without a value comes before all others."""
        value_of = self._by_name[name].value

        def key(row: RowT) -> tuple[bool, Any]:
            value = value_of(row)
            return (value is not None, 0 if value is None else value)

        return key
