"""Text from outside made harmless: nothing in it is left that a terminal would obey."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec

# Cc: control characters, with ESC and the C1 set. Cf: formatting, with the bidi controls.
# Cs: halves of a surrogate pair. Co, Cn: private and unassigned. Zl, Zp: line and paragraph ends.
UNPRINTABLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})

_NOT_ASCII: Final = re.compile(r"[^\x20-\x7e]")


def sanitised(text: str) -> str:
    """The text with everything that a terminal would obey shown as an escape instead."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        escaped(character) if unicodedata.category(character) in UNPRINTABLE else character
        for character in text
    )


def json_line(value: object) -> str:
    """A value as JSON on one line, with the same characters escaped as JSON escapes them."""
    return _NOT_ASCII.sub(_json_escape_harmful, msgspec.json.encode(value).decode())


def ascii_json(line: str) -> str:
    """The same JSON in ASCII."""
    return _NOT_ASCII.sub(_json_escape, line)


def escaped(character: str) -> str:
    r"""A character in ASCII, as `\x1b` or `\u202e`."""
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _json_escape_harmful(found: re.Match[str]) -> str:
    harmful = unicodedata.category(found[0]) in UNPRINTABLE
    return _json_escape(found) if harmful else found[0]


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
