"""Java's properties files, which Kafka reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

_ESCAPES: Final = {"\\": r"\\", "\t": r"\t", "\n": r"\n", "\r": r"\r", "\f": r"\f"}


def render(properties: Mapping[str, object]) -> bytes:
    """Return properties as the bytes of a file.

    Java reads them as Latin-1, takes a backslash as the beginning of an escape, and drops blanks
    before a value.

    Args:
        properties: Any values by name; the names are plain ASCII words.
    """
    return "".join(f"{name}={_escaped(str(value))}\n" for name, value in properties.items()).encode(
        "ascii"
    )


def _escaped(value: str) -> str:
    escaped = "".join(map(_character, value))
    return f"\\{escaped}" if escaped.startswith(" ") else escaped


def _character(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if " " <= character <= "~" else "".join(_units(character))


def _units(character: str) -> Iterator[str]:
    """Yield the UTF-16 code units of a character: two outside the basic plane."""
    data = character.encode("utf-16-be")
    for high, low in zip(data[::2], data[1::2], strict=True):
        yield f"\\u{high:02x}{low:02x}"
