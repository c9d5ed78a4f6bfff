"""Makes untrusted text safe to print: no character can control the terminal."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

# Cc: control characters, with ESC and the C1 set. Cf: formatting, with the bidi controls.
# Cs: halves of a surrogate pair. Co, Cn: private and unassigned. Zl, Zp: line and paragraph ends.
UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

# Zero-width non-joiner and joiner, which Persian and Indic words contain.
_JOINERS: Final = "\u200c\u200d"
_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e]")


def sanitised(text: str) -> str:
    """Return the text with every character that could control a terminal escaped."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        escaped(character) if is_harmful(text, at) else character
        for at, character in enumerate(text)
    )


def is_harmful(text: str, at: int) -> bool:
    """Whether a character could control the terminal or hide other text.

    A joiner between letters is part of a word; anywhere else it is invisible, and harmful.
    """
    if unicodedata.category(text[at]) not in UNPRINTABLE:
        return False
    return text[at] not in _JOINERS or not (
        _follows_letter(text, at) and _kind(text, at + 1) in "LM"
    )


def _follows_letter(text: str, at: int) -> bool:
    # Marks may stand between the letter and the joiner, such as the virama, which removes a vowel.
    at -= 1
    while _kind(text, at) == "M":
        at -= 1
    return _kind(text, at) == "L"


def _kind(text: str, at: int) -> str:
    """First letter of a character's Unicode category; a blank outside of the text."""
    return unicodedata.category(text[at])[0] if 0 <= at < len(text) else " "


# As text, exact decimals would come back as something else.
_ENCODER: Final = msgspec.json.Encoder(decimal_format="number")


def json_line(value: object) -> str:
    r"""Encode a value as JSON on one line, with harmful characters as `\u` escapes."""
    line = _ENCODER.encode(value).decode()
    return _NOT_ASCII.sub(
        lambda found: _json_escape(found) if is_harmful(line, found.start()) else found[0], line
    )


def ascii_json(line: str) -> str:
    """Escape all characters of a line of JSON that are not ASCII."""
    return _NOT_ASCII.sub(_json_escape, line)


def escaped(character: str) -> str:
    r"""Escape a character in ASCII, as `\x1b` or `\u202e`."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
