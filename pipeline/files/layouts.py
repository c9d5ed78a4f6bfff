"""Layouts of files that are recognised by their header, and the fields that they lack."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_SIGNS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """A layout of files.

    Attributes:
        name: Name for the user.
        columns: Columns of its header, in lower case with `_` for other characters; alternatives
            are written `zip|zipcode`, and the other attributes use the first of them.
        fields: DuckDB SQL over these columns by field of the topic. `conversions` turns the text
            into the type of the field; `user_of(text)` makes a user id of any text.
        own: By an optional column, better SQL for a field of files that have this column.
        lacks: By field, a sentence that says what the files lack for it, and how it is filled.
        seconds: A column with the epoch, for times that have lost their seconds.
        data: False for a list that accompanies the files, and has no transactions.
    """

    name: str
    columns: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)
    seconds: str = ""
    data: bool = True

    def lacking(self, header: Sequence[str]) -> tuple[str, ...]:
        """Columns of this layout that a header lacks."""
        have = set(map(simple, header))
        return tuple(
            column.partition("|")[0]
            for column in self.columns
            if have.isdisjoint(column.split("|"))
        )

    def names(self, header: Sequence[str]) -> dict[str, str]:
        """The header's columns by the names that `fields` use for them."""
        found = {simple(column): column for column in reversed(header)}
        for column in self.columns:
            first, *others = column.split("|")
            for other in others:
                if first not in found and other in found:
                    found[first] = found[other]
        return found


def simple(column: str) -> str:
    """A column's name in lower case, with `_` for everything that is no letter or digit."""
    return _SIGNS.sub("_", column.lower()).strip("_")
