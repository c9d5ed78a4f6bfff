"""The text of a record, as Jackson's readers see it, which Flink's formats JSON and CSV use.

They recognise encodings by the first bytes, and are lenient with UTF-8: they take surrogates and
characters in more bytes than needed, as Java programs write them. What cannot be read ends the
text, and matters only to who reads that far. A surrogate without its other half, as programs leave
that cut texts, is a question mark. Verified against Flink 2.3 (`CsvParserBootstrapper`,
`UTF8Reader`).
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from dataclasses import dataclass
from typing import Final

import msgspec

_UTF_8: Final = "utf-8"
_TOLD_BY: Final = 4
"""The first bytes, which tell the encoding."""
_MASK: Final = 0xFFFF
_ESCAPES: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\.",
    re.DOTALL,
)
"""Both halves of a surrogate pair, one of them alone, or any other escape."""


@dataclass(frozen=True, slots=True)
class Text:
    """The characters of a record.

    Attributes:
        characters: Those that can be read.
        broken: Whether something follows that cannot be read.
    """

    characters: str
    broken: bool = False


def text_of(value: bytes) -> Text:
    """Return the text of a record's value, which is not empty."""
    plain = value[0] < BOM_UTF8[0] and 0 not in value[:_TOLD_BY]
    encoding = _UTF_8 if plain else json.detect_encoding(value)
    try:
        # Half a character of UTF-16 is replaced, and one of UTF-32 refused.
        return Text(value.decode(encoding, "replace" if "16" in encoding else "strict"))
    except UnicodeDecodeError:
        if encoding.startswith(_UTF_8):
            return _lenient(value.removeprefix(BOM_UTF8))
        return Text("", broken=True)


def json_of(value: bytes) -> str:
    """Return the JSON of a record's value, in which nothing is left that JSON cannot have.

    Raises:
        msgspec.DecodeError: Some of it cannot be read.
    """
    text = text_of(value) if value else Text("")
    if text.broken:
        raise msgspec.DecodeError("it is not UTF-8")
    return _ESCAPES.sub(lambda found: "?" if found["half"] else found[0], text.characters)


def _lenient(value: bytes) -> Text:
    """Read UTF-8 as Jackson does."""
    units: list[int] = []
    at = 0
    broken = False
    while at < len(value):
        code = value[at]
        more = _more(code)
        rest = value[at + 1 : at + 1 + more]
        broken = more < 0 or len(rest) < more or any(byte & 0xC0 != 0x80 for byte in rest)
        if broken:
            break
        if more:
            code &= 0x1F if more == 1 else 0x0F
        for byte in rest:
            code = code << 6 | byte & 0x3F
        if more == 3:  # As two surrogates.
            code -= 0x10000
            units.append(0xD800 + (code >> 10) & _MASK)
            code = 0xDC00 | code & 0x3FF
        units.append(code & _MASK)
        at += 1 + more
    joined = b"".join(unit.to_bytes(2, "little") for unit in units)
    # Surrogates without their other half are question marks to Flink.
    text = joined.decode("utf-16-le", "surrogatepass").encode("utf-8", "replace").decode()
    return Text(text, broken)


def _more(first: int) -> int:
    """Return how many bytes follow the first one of a character; -1 if it is none."""
    if first < 0x80:
        return 0
    if first & 0xE0 == 0xC0:
        return 1
    if first & 0xF0 == 0xE0:
        return 2
    return 3 if first & 0xF8 == 0xF0 else -1
