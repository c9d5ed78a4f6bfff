"""How a record in Avro is made of columns that are inside of records and arrays in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

from pipeline.errors import InputError
from pipeline.sources import Source

from .columns import branches_of, default_of, may_be_null

Tree: TypeAlias = "str | dict[str | int, Tree]"
"""A column, or what is at the steps of paths that go on."""


def tree_of(source: Source, columns: Iterable[str]) -> dict[str | int, Tree]:
    """Return where columns are in a record."""
    tree: dict[str | int, Tree] = {}
    for name in columns:
        *outside, last = source.record_paths[name]
        inside = tree
        for step in outside:
            part = inside.setdefault(step, {})
            assert isinstance(part, dict)
            inside = part
        inside[last] = name
    return tree


@dataclass(frozen=True, slots=True)
class Parts:
    """How a record, or an array or a record inside of it, is made of columns.

    Attributes:
        others: The values of fields that are no columns.
        columns: The columns, by field or place.
        inside: The parts that are made of columns themselves.
        may_be_null: Whether it can be null, as it is if nothing is in it.
        is_array: Whether it is an array.
    """

    others: Mapping[str, Any]
    columns: Mapping[str | int, str]
    inside: Mapping[str | int, Parts]
    may_be_null: bool
    is_array: bool

    @classmethod
    def of(cls, written: Any, tree: Mapping[str | int, Tree], topic: str) -> Self:
        """Return the parts of a type of an expanded schema.

        Raises:
            InputError: A field has no default and is no column.
        """
        (branch,) = branches_of(written)
        assert isinstance(branch, Mapping)
        columns = {step: part for step, part in tree.items() if isinstance(part, str)}
        deeper = {step: part for step, part in tree.items() if not isinstance(part, str)}
        others: dict[str, Any] = {}
        if is_array := "items" in branch:
            if deeper:
                # Those before the last one have to be there, too.
                deeper = {place: deeper.get(place, {}) for place in range(max(map(int, tree)) + 1)}
            types = dict.fromkeys(deeper, branch["items"])
        else:
            types = {field["name"]: field["type"] for field in branch["fields"]}
            for field in branch["fields"]:
                name = field["name"]
                if name in tree:
                    continue
                if "default" in field:
                    others[name] = default_of(field)
                elif not may_be_null(field["type"]):
                    raise InputError(
                        f"The schema of {topic} has a field {name}, which has no default and is no "
                        "column of the source.",
                        f"Add {name} to the source's columns, or give it a default in the schema.",
                    )
        inside = {step: cls.of(types[step], part, topic) for step, part in deeper.items()}
        return cls(others, columns, inside, may_be_null(written), is_array)

    def filled(self, fields: Mapping[str, Any]) -> Any:
        """Return the value, with the fields of the columns."""
        if self.may_be_null and self._is_empty(fields):
            return None
        there = {step: fields.get(name) for step, name in self.columns.items()}
        there |= {step: part.filled(fields) for step, part in self.inside.items()}
        if not self.is_array:
            return {**self.others, **there}
        full = [step for step, name in self.columns.items() if fields.get(name) is not None]
        full += [step for step, part in self.inside.items() if not part._is_empty(fields)]
        return [there.get(place) for place in range(max(map(int, full), default=-1) + 1)]

    def _is_empty(self, fields: Mapping[str, Any]) -> bool:
        return all(fields.get(name) is None for name in self.columns.values()) and all(
            part._is_empty(fields) for part in self.inside.values()
        )
