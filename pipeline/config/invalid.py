"""What is wrong with a setting, in words; msgspec speaks of Python's types."""

from __future__ import annotations

import re
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

_PLACE: Final = re.compile(r" - at `\$\.?(?P<place>.*)`$")
_EXPECTED: Final = re.compile(
    r"Expected `(?P<kind>[^`]+)`(?: (?P<bound>[<>]=?) (?P<limit>\S+))?(?:, got `(?P<got>[^`]+)`)?"
)
_CHOICE: Final = re.compile(r"Invalid enum value (?P<value>.+)")
_KINDS: Final = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "a table",
}
_INSTEAD: Final = _KINDS | {"float": "one with a fraction"}
_BOUNDS: Final = {">=": "of at least", ">": "above", "<=": "of at most", "<": "below"}


def in_words(error: msgspec.ValidationError, settings: type) -> str:
    """Return what is wrong and where, without a full stop: `slots must be a whole number`.

    Args:
        error: What msgspec says.
        settings: The type of all settings.
    """
    text = str(error)
    found = _PLACE.search(text)
    place = found["place"] if found else ""
    said = _PLACE.sub("", text).rstrip(".")
    if expected := _EXPECTED.fullmatch(said):
        # Of a value that may be left out, too.
        wanted, *_ = expected["kind"].split(" | ")
        bound = expected["bound"]
        limit = f" {_BOUNDS[bound]} {expected['limit']}" if bound else ""
        got = expected["got"]
        instead = f", not {_INSTEAD.get(got, f'a {got}')}" if got else ""
        return f"{place} must be {_KINDS.get(wanted, f'a {wanted}')}{limit}{instead}"
    if choice := _CHOICE.fullmatch(said):
        known = ", ".join(_choices(settings, place.split(".")))
        return f"{place} is {choice['value']}, but must be one of: {known}"
    return f"{said} ({place})" if place else said


def _choices(kind: Any, path: list[str]) -> list[str]:
    """The values that a setting can have."""
    for name in path:
        kind = get_type_hints(kind)[name.partition("[")[0]]
    if get_origin(kind) in (Annotated, Union, UnionType, tuple):
        kind = get_args(kind)[0]
    if get_origin(kind) is Literal:
        return list(map(str, get_args(kind)))
    assert issubclass(kind, Enum)
    return [str(each.value) for each in kind]
