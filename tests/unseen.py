"""Invisible characters of a text: control and format characters, except joiners in a word."""

from __future__ import annotations

import unicodedata
from typing import Final

from pipeline.text.sanitise import UNPRINTABLE

_JOINERS: Final = ("\N{ZERO WIDTH NON-JOINER}", "\N{ZERO WIDTH JOINER}")


def unseen(text: str) -> set[str]:
    """Return the characters that a terminal might interpret or hide.

    A joiner counts only if it does not follow a letter; the one behind it may be cut off.
    """
    found = set()
    before = ""
    for character in text:
        joins = character in _JOINERS and before != "" and unicodedata.category(before)[0] in "LM"
        if unicodedata.category(character) in UNPRINTABLE and not joins:
            found.add(character)
        before = character
    return found
