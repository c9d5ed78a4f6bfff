"""Columns for the fields of JSON objects, also for those inside other objects."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from pipeline.sources.faults import can_be_column
from pipeline.sources.paths import Path, written_path

_UNFIT: Final = re.compile(r"\W+", re.ASCII)
_DEEPEST: Final = 16


def columns_of(rows: Iterable[Mapping[str, Any]]) -> tuple[dict[Path, str], tuple[Path, ...]]:
    """Return the columns that fields can be, and the fields that can be none.

    Returns:
        The name of a column by the path of a field that holds no object: its own name where it can
        be one, otherwise one after its path. And the paths of values where other records, or more
        of them, have an object or a value of another field.
    """
    paths, others = _together(rows)
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
    return {path: names[path] for path in paths}, others


def flattened(row: Mapping[str, Any], columns: Mapping[Path, str]) -> dict[str, Any]:
    """Return the values of a record by column.

    Args:
        row: The decoded record.
        columns: As `columns_of` returns them.
    """
    return {columns[path]: value for path, value in _leaves(row, ()) if path in columns}


def paths_of(columns: Mapping[Path, str], names: Sequence[str]) -> dict[str, str]:
    """Return where columns are that are no fields of their own name, as `source` takes it."""
    where = {name: path for path, name in columns.items() if path != (name,)}
    return {name: written_path(where[name]) for name in names if name in where}


def _together(rows: Iterable[Mapping[str, Any]]) -> tuple[list[Path], tuple[Path, ...]]:
    """Return the paths of fields that can be read of the same record, and those of others."""
    values: dict[Path, int] = {}
    for row in rows:
        for path, value in _leaves(row, ()):
            values[path] = values.get(path, 0) + (value is not None)
    kept: set[Path] = set()
    outside: set[Path] = set()
    for path in sorted(values, key=values.__getitem__, reverse=True):
        around = {path[:depth] for depth in range(1, len(path))}
        if path not in outside and not around & kept:
            kept.add(path)
            outside |= around
    others = tuple(path for path, count in values.items() if count and path not in kept)
    return [path for path in values if path in kept], others


def _leaves(row: Mapping[str, Any], outside: Path) -> Iterator[tuple[Path, Any]]:
    for name, value in row.items():
        path = (*outside, name)
        if isinstance(value, dict) and value and len(path) < _DEEPEST:
            yield from _leaves(value, path)
        else:
            yield path, value


def _free(path: Path, taken: set[str]) -> str:
    name = "_".join(filter(None, (_UNFIT.sub("_", str(step)).strip("_") for step in path)))
    name = name if can_be_column(name) else f"field_{name}".rstrip("_")
    number, free = 1, name
    while free.lower() in taken:
        number += 1
        free = f"{name}_{number}"
    return free
