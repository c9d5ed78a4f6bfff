"""Layouts of files that are known by their header: what they hold and lack as transactions."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

_SIGNS: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Layout:
    """A kind of file.

    Attributes:
        name: What the user reads.
        columns: What its header has, in lower case with `_` for signs; alternatives are written
            `zip|zipcode`, and are called as the first of them in the rest.
        fields: DuckDB SQL over these columns by field of the topic. A text becomes what the field
            is as `conversions` has it; `user_of(text)` makes a user id of any text.
        own: The same for a column that not every file has, which is better then, by that column.
        lacks: By field, what the files lack for it, and how that is filled, in a sentence.
        seconds: A column with the epoch, for times that have lost their seconds.
        data: False for a list that comes with the files, and holds no transaction.
    """

    name: str
    columns: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)
    seconds: str = ""
    data: bool = True

    def lacking(self, header: Sequence[str]) -> tuple[str, ...]:
        """Columns that a header lacks to be of this layout."""
        have = set(map(simple, header))
        return tuple(
            column.partition("|")[0]
            for column in self.columns
            if have.isdisjoint(column.split("|"))
        )

    def names(self, header: Sequence[str]) -> dict[str, str]:
        """The header's columns by the names that `fields` have for them."""
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
