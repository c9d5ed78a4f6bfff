"""Finds the objects inside of an object, which may be the records that a file is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from pipeline.text.malformed import MALFORMED

_DEEPEST: Final = 3
FIELDS: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ELEMENTS: Final = msgspec.json.Decoder(list[msgspec.Raw])


def objects_inside(
    fields: Mapping[str, msgspec.Raw], place: str = "", depth: int = 0
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield where objects are, as jq says it, and the names of their fields; outer ones first.

    Of an array, the first element stands for all.

    Args:
        fields: The fields of the outer object.
        place: Where it is; empty for the outermost one.
        depth: How many objects it is inside of.
    """
    if depth == _DEEPEST:
        return
    found = []
    for name, value in fields.items():
        here = f"{place}.{name}" if name.isidentifier() else f"{place}.{_quoted(name)}"
        text = bytes(value).lstrip()
        try:
            if text.startswith(b"["):
                here += "[]"
                text = bytes(_ELEMENTS.decode(text)[0])
            inner = FIELDS.decode(text)
        except (*MALFORMED, IndexError):
            continue
        found.append((here, inner))
        yield here, tuple(inner)
    for here, inner in found:
        yield from objects_inside(inner, here, depth + 1)


def _quoted(name: str) -> str:
    return msgspec.json.encode(name).decode()
