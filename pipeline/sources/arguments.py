"""Takes the arguments of a declaration for what they have to be, or says what they are instead.

A features file is not type-checked, so an argument may be anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pipeline.errors import InputError
from pipeline.text.sanitise import sanitised

_MOST_SHOWN: Final = 40
_WRITTEN: Final = (str, bytes, int, float, list, tuple, dict)


def text(at: str, what: str, given: object, example: str) -> str:
    """Return an argument that has to be a text.

    Args:
        at: The declaration: `source 'payments'`.
        what: The argument's name.
        given: The argument.
        example: A text that it could be.

    Raises:
        InputError: It is something else.
    """
    if not isinstance(given, str):
        raise InputError(
            f"{at}: {what} is {shown(given)}, but must be a text.", f"Write {what}={example!r}."
        )
    return given


def texts(at: str, what: str, given: object, example: str) -> tuple[str, ...]:
    """Return an argument that has to be one or several texts; see `text`.

    Raises:
        InputError: It is something else, or one of them is.
    """
    if isinstance(given, str):
        return (given,)
    hint = f"Write {what}=({example!r},)."
    if not isinstance(given, Iterable) or isinstance(given, bytes):
        raise InputError(f"{at}: {what} is {shown(given)}, but must be names of columns.", hint)
    found = tuple(given)
    for each in found:
        if not isinstance(each, str):
            raise InputError(
                f"{at}: {what} has {shown(each)}, where the name of a column must be.", hint
            )
    return found


def by_name(at: str, what: str, given: object, example: str) -> dict[str, Any]:
    """Return an argument that has to be a dictionary with texts as its keys.

    Args:
        at: The declaration.
        what: The argument's name.
        given: The argument.
        example: A dictionary that it could be, as Python writes it.

    Raises:
        InputError: It is something else, or a key is.
    """
    if not isinstance(given, Mapping):
        raise InputError(
            f"{at}: {what} is {shown(given)}, but must be a dictionary.", f"Write {what}={example}."
        )
    for key in given:
        if not isinstance(key, str):
            raise InputError(
                f"{at}: {what} has {shown(key)}, where a name must be.", f"Write {what}={example}."
            )
    return dict(given)


def shown(given: object) -> str:
    """An argument in a message: as it is written if it is a short value, otherwise its type."""
    if given is None or isinstance(given, _WRITTEN):
        written = sanitised(repr(given))
        if len(written) <= _MOST_SHOWN:
            return written
    return "a class" if isinstance(given, type) else f"a {type(given).__name__}"
