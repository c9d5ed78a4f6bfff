"""Text from outside made harmless: nothing in it is left that a terminal would obey."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

# Cc: control characters, with ESC and the C1 set. Cf: formatting, with the bidi controls.
# Cs: halves of a surrogate pair. Co, Cn: private and unassigned. Zl, Zp: line and paragraph ends.
UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# Zero-width non-joiner and joiner: Persian and Indic words are written with them.
_JOINERS: Final = "\u200c\u200d"
_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e]")


def sanitised(text: str) -> str:
    """The text with everything that a terminal would obey shown as an escape instead."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        escaped(character) if is_harmful(text, at) else character
        for at, character in enumerate(text)
    )


def is_harmful(text: str, at: int) -> bool:
    """Whether a terminal would obey a character, rather than show it.

    A joiner between letters is part of how a word is written; anywhere else it would hide.
    """
    if unicodedata.category(text[at]) not in UNPRINTABLE:
        return False
    return text[at] not in _JOINERS or not (
        _follows_letter(text, at) and _kind(text, at + 1) in "LM"
    )


def _follows_letter(text: str, at: int) -> bool:
    # Marks between them: a joiner may stand behind the sign that takes a letter's vowel away.
    at -= 1
    while _kind(text, at) == "M":
        at -= 1
    return _kind(text, at) == "L"


def _kind(text: str, at: int) -> str:
    """The first letter of a character's category; a blank outside of the text."""
    return unicodedata.category(text[at])[0] if 0 <= at < len(text) else " "


def json_line(value: object) -> str:
    """A value as JSON on one line, with the same characters escaped as JSON escapes them."""
    line = msgspec.json.encode(value).decode()
    return _NOT_ASCII.sub(
        lambda found: _json_escape(found) if is_harmful(line, found.start()) else found[0], line
    )


def ascii_json(line: str) -> str:
    """The same JSON in ASCII."""
    return _NOT_ASCII.sub(_json_escape, line)


def escaped(character: str) -> str:
    r"""A character in ASCII, as `\x1b` or `\u202e`."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
