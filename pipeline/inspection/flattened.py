"""Columns for the fields of JSON objects, also for those inside other objects."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pipeline.sources.faults import can_be_column
from pipeline.sources.paths import Path, written_path

_UNFIT: Final = re.compile(r"\W+", re.ASCII)
_DEEPEST: Final = 16
_MOST_FIELDS: Final = 50
"""An object with more different fields is rather a map, whose names are values."""
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns that the fields of records can be.

    Attributes:
        names: The name of a column by the path of a field: the field's own where a column can have
            it, otherwise one after the path.
        mixed: Paths of values where more records have an object, or a value of another field.
        maps: Paths of the objects that are not looked into.
    """

    names: Mapping[Path, str]
    mixed: tuple[Path, ...] = ()
    maps: frozenset[Path] = frozenset()

    @classmethod
    def of(cls, rows: Sequence[Row]) -> Columns:
        """Return the columns of decoded records."""
        nested = [row for row in rows if _is_nested(row)]
        maps = _maps(nested)
        shapes = dict.fromkeys(map(tuple, rows))
        paths: dict[Path, None] = {(name,): None for shape in shapes for name in shape}
        mixed: tuple[Path, ...] = ()
        if nested:
            paths, mixed = _together(rows, maps)
        return cls(_named(paths), mixed, maps)

    @classmethod
    def at(cls, paths: Sequence[Path]) -> Columns:
        """Return the columns of records whose fields are at these paths."""
        return cls(_named(dict.fromkeys(paths)))

    def values(self, row: Row) -> dict[str, Any]:
        """Return the values of a record by column."""
        return {
            self.names[path]: value
            for path, value in _leaves(row, (), self.maps)
            if path in self.names
        }

    def paths(self, columns: Sequence[str]) -> dict[str, str]:
        """Return where columns are that are no fields of their own name, as `source` takes it."""
        where = {name: path for path, name in self.names.items() if path != (name,)}
        return {name: written_path(where[name]) for name in columns if name in where}

    @property
    def as_they_are(self) -> bool:
        """Whether each column is a field of its own name."""
        return all(path == (name,) for path, name in self.names.items()) and not self.mixed


def _is_nested(row: Row) -> bool:
    return dict in set(map(type, row.values()))


def _maps(rows: Sequence[Row]) -> frozenset[Path]:
    """Return the paths of objects that have too many different fields."""
    fields: dict[Path, set[str]] = defaultdict(set)
    for row in rows:
        for path, inside in _objects(row, ()):
            if len(fields[path]) <= _MOST_FIELDS:
                fields[path].update(inside)
    return frozenset(path for path, names in fields.items() if len(names) > _MOST_FIELDS)


def _objects(row: Row, outside: Path) -> Iterator[tuple[Path, Row]]:
    for name, value in row.items():
        if isinstance(value, dict) and len(outside) < _DEEPEST:
            yield (*outside, name), value
            yield from _objects(value, (*outside, name))


def _together(
    rows: Sequence[Row], maps: Collection[Path]
) -> tuple[dict[Path, None], tuple[Path, ...]]:
    """Return the paths of fields that can be read of the same record, and those of others."""
    values: dict[Path, int] = {}
    for row in rows:
        for path, value in _leaves(row, (), maps):
            values[path] = values.get(path, 0) + (value is not None)
    kept: set[Path] = set()
    outside: set[Path] = set()
    for path in sorted(values, key=values.__getitem__, reverse=True):
        around = {path[:depth] for depth in range(1, len(path))}
        if path not in outside and not around & kept:
            kept.add(path)
            outside |= around
    mixed = tuple(path for path, count in values.items() if count and path not in kept)
    return dict.fromkeys(path for path in values if path in kept), mixed


def _leaves(row: Row, outside: Path, maps: Collection[Path]) -> Iterator[tuple[Path, Any]]:
    for name, value in row.items():
        path = (*outside, name)
        if isinstance(value, dict) and value and len(path) < _DEEPEST and path not in maps:
            yield from _leaves(value, path, maps)
        else:
            yield path, value


def _named(paths: Mapping[Path, None]) -> dict[Path, str]:
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for path in paths:
        name = str(path[0])
        if len(path) == 1 and can_be_column(name) and name.lower() not in taken:
            names[path] = name
            taken.add(name.lower())
    for path in paths:
        if path not in names:
            names[path] = _free(path, taken)
            taken.add(names[path].lower())
    return {path: names[path] for path in paths}


def _free(path: Path, taken: Collection[str]) -> str:
    name = "_".join(filter(None, (_UNFIT.sub("_", str(step)).strip("_") for step in path)))
    name = name if can_be_column(name) else f"field_{name}".rstrip("_")
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name}_{number}"
    return free
