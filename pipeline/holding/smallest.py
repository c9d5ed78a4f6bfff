"""Finds the smallest part of some records that still fails: delta debugging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def smallest(items: Sequence[T], fails: Callable[[Sequence[T]], bool]) -> list[T]:
    """Return a part of `items`, in their order, that fails and of which nothing can be left out.

    This is Zeller's `ddmin`: parts and what is left without them are tried, in ever smaller parts.

    Args:
        items: What fails as a whole.
        fails: Whether a part fails; called with no part twice in a row.
    """
    found, parts = list(items), 2
    while len(found) > 1:
        size = -(-len(found) // parts)
        cuts = [(at, found[at : at + size]) for at in range(0, len(found), size)]
        tried = [part for _, part in cuts]
        if len(cuts) > 2:
            tried += [found[:at] + found[at + size :] for at, _ in cuts]
        fewer = next((part for part in tried if fails(part)), None)
        if fewer is not None:
            parts = 2 if len(fewer) <= size else max(parts - 1, 2)
            found = fewer
        elif size == 1:
            break
        else:
            parts = min(len(found), 2 * parts)
    return found
