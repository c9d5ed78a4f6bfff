"""Where the columns of a source are in the schema of a record in Avro."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import fastavro.schema

from pipeline.sources.paths import Path

from .columns import branches_of, may_be_null, name_of

_RECORD: Final = "record"
_ARRAY: Final = "array"


@dataclass(frozen=True, slots=True)
class Place:
    """What a schema has at a path.

    Attributes:
        type: The type there, as parsed JSON; None if the schema has nothing there.
        may_be_null: Whether the value or what it is inside of can be null.
        why: Why Flink fails at what is on the way; empty if it does not.
    """

    type: Any
    may_be_null: bool = False
    why: str = ""


def expanded(written: Any) -> Any:
    """Return a schema with what named types are in place of their names.

    Types that are inside of themselves keep their name there. It is for looking at, since names are
    defined in it more than once.
    """
    try:
        return fastavro.schema.expand_schema(written)
    except Exception:  # The library raises whatever it stumbles over.
        return written


def place_of(written: Any, path: Path) -> Place:
    """Return what a schema has at a path.

    Args:
        written: The schema of a record, expanded.
        path: The path.
    """
    inside, nullable = written, False
    for step in path:
        wanted = _RECORD if isinstance(step, str) else _ARRAY
        branches = branches_of(inside)
        other = next((branch for branch in branches if name_of(branch)[0] != wanted), None)
        if other is not None:
            found = name_of(other)[0]
            return Place(None, why=f"{found}, where Flink's Avro format needs {_called(wanted)}")
        if len(branches) != 1:
            return Place(None, why=f"a union of {len(branches)} types, which Flink cannot read")
        nullable = nullable or may_be_null(inside)
        (branch,) = branches
        assert isinstance(branch, Mapping)
        inside = branch["items"] if wanted == _ARRAY else field_type(branch["fields"], str(step))
        # An array may have fewer elements.
        nullable = nullable or wanted == _ARRAY
        if inside is None:
            return Place(None, may_be_null=True)
    return Place(inside, nullable or may_be_null(inside))


def field_type(fields: Sequence[Mapping[str, Any]], name: str) -> Any:
    """Return the type of a field of a record; None if there is none."""
    return next((field["type"] for field in fields if field["name"] == name), None)


def _called(wanted: str) -> str:
    return f"{'an' if wanted == _ARRAY else 'a'} {wanted}"
