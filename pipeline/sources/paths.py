"""Where a column is in a record: `merchant.address.country`, `items[0].sku`, `"card-number"`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, TypeAlias

from pipeline.errors import InputError
from pipeline.text.sanitise import sanitised

Path = tuple[str | int, ...]
"""Names of fields, and places in arrays, counted from 0; the first is a name."""
Shape: TypeAlias = "str | dict[str, Shape] | list[Shape]"
"""What is read of a value: its Ibis type, the fields of an object, or the elements of an array."""

_STEP: Final = re.compile(r'\.?(?:([^.\[\]"]+)|"((?:[^"]|"")+)")|\[([0-9]{1,4})\]')
_PLAIN: Final = re.compile(r'[^.\[\]"]+')
_EXAMPLE: Final = 'Write it such as merchant.address.country, items[0].sku or "a name.with dots".'


def parsed(written: str) -> Path:
    """Return the steps of a path.

    Raises:
        InputError: It is no path.
    """
    steps: list[str | int] = []
    at = 0
    while at < len(written):
        found = _STEP.match(written, at)
        dotted = written[at] == "."
        if found is None or dotted != bool(steps and found[3] is None):
            break
        steps.append(int(found[3]) if found[3] else found[1] or found[2].replace('""', '"'))
        at = found.end()
    if at < len(written) or not steps or isinstance(steps[0], int) or not written.isprintable():
        raise InputError(f"{sanitised(written)!r} is no path to a field.", _EXAMPLE)
    return tuple(steps)


def written_path(path: Path) -> str:
    """Return a path as `parsed` reads it."""
    first, *others = path
    return _name(first) + "".join(
        f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in others
    )


def inner(value: Any, path: Path) -> Any:
    """Return what is at a path in decoded JSON; None if nothing is."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def field_name(path: Path) -> str:
    """Return the name of the innermost field of a path."""
    return next(step for step in reversed(path) if isinstance(step, str))


def shape_of(columns: Iterable[tuple[Path, str]]) -> dict[str, Shape]:
    """Return what is read of the fields of a record.

    Args:
        columns: The path and the Ibis type of each column.

    Raises:
        InputError: Two paths take the same value for different things.
    """
    shape: dict[str, Shape] = {}
    for path, dtype in columns:
        _add(shape, path, dtype, path)
    return shape


def _add(shape: dict[str, Shape], path: Path, dtype: str, whole: Path) -> None:
    inside: dict[str, Shape] | list[Shape] = shape
    for step, next_ in zip(path, (*path[1:], None), strict=True):
        empty: Shape = dtype if next_ is None else {} if isinstance(next_, str) else []
        if isinstance(inside, dict):
            assert isinstance(step, str)
            found = inside.setdefault(step, empty)
        else:
            inside[:] = inside or [empty]
            found = inside[0]
        if type(found) is not type(empty) or (next_ is None and found != dtype):
            raise InputError(
                f"the path {written_path(whole)} takes a value for {_kind(empty)}, which another "
                f"column takes for {_kind(found)}",
                "Leave one of the columns out.",
            )
        if next_ is not None:
            assert not isinstance(found, str)
            inside = found


def _kind(shape: Shape) -> str:
    if isinstance(shape, str):
        return f"a {shape}"
    return "an object" if isinstance(shape, dict) else "an array"


def _name(step: str | int) -> str:
    name = str(step)
    return name if _PLAIN.fullmatch(name) else '"' + name.replace('"', '""') + '"'
