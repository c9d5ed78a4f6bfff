"""JSON as coloured text, on one line or indented; values are shown exactly as written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec
from rich.cells import cell_len, chop_cells

from . import text
from .tones import Piece, Tone

_TOKEN: Final = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*"?)'
    r"|(?P<number>-?\d[\d.eE+-]*)"
    r"|(?P<word>true|false|null)"
    r"|(?P<mark>[{}\[\],:])"
    r"|(?P<blank>\s+)"
    r"|(?P<other>.)",
    re.DOTALL,
)
_KEY: Final = re.compile(r"\s*:")
_INDENT: Final = 2
_MOST_LINES: Final = 4_000
_FRAUD: Final = '"is_fraud"'
_WHOLE: Final = 1 << 20

Line = list[Piece]


def colour(source: str) -> Iterator[Piece]:
    """Colour JSON on one line: keys quiet, numbers accented, fraud in the colour of danger.

    Args:
        source: JSON, possibly truncated; it need not be clean.
    """
    key = ""
    for kind, token, is_key in _tokens(source):
        if is_key:
            key = token
        if kind == "blank":
            yield Piece(" ", Tone.QUIET)
        elif token:
            yield Piece(_clean(token), _tone(kind, token, key, is_key=is_key))


def lay_out(source: str) -> tuple[list[Line], bool]:
    """Return indented lines, one value each, and whether they are complete.

    Args:
        source: Valid JSON; it need not be clean.

    Raises:
        msgspec.DecodeError: The JSON is not valid.
    """
    lines = msgspec.json.format(source, indent=_INDENT).split("\n")
    return [_indented(line) for line in lines[:_MOST_LINES]], len(lines) <= _MOST_LINES


def _indented(line: str) -> Line:
    rest = line.lstrip(" ")
    indent = [Piece(line[: len(line) - len(rest)])] if rest != line else []
    return [*indent, *colour(rest)]


def wrap(line: Sequence[Piece], width: int) -> list[Line]:
    """Break a line that is too long, repeating its indentation."""
    if sum(cell_len(piece.text) for piece in line) <= width:
        return [list(line)]
    first = line[0].text if line else ""
    indent = min(len(first) - len(first.lstrip(" ")) + _INDENT, max(0, width // 2))
    wrapped: list[Line] = [[]]
    left = width
    for piece in line:
        rest = piece.text
        while rest:
            part = chop_cells(rest, left)[0] if left > 0 else ""
            if cell_len(part) > left:
                part = ""
            if part:
                wrapped[-1].append(Piece(part, piece.tone))
                left -= cell_len(part)
                rest = rest[len(part) :]
            elif left == max(1, width - indent):
                # Not even one character fits, so the loop would never end.
                return wrapped
            if rest:
                wrapped.append([Piece(" " * indent)])
                left = max(1, width - indent)
    return wrapped


def _tokens(source: str) -> Iterator[tuple[str, str, bool]]:
    for found in _TOKEN.finditer(source):
        kind = found.lastgroup or "other"
        is_key = kind == "string" and _KEY.match(source, found.end()) is not None
        yield kind, found[0], is_key


def _tone(kind: str, token: str, key: str, *, is_key: bool) -> Tone:
    if is_key or kind == "mark":
        return Tone.QUIET
    if kind == "number":
        return Tone.DANGER if key == _FRAUD and token == "1" else Tone.ACCENT
    return Tone.ACCENT if kind == "word" else Tone.PLAIN


def _clean(token: str) -> str:
    return text.clean(token, _WHOLE)


def plain(source: str, tone: Tone = Tone.PLAIN) -> Iterable[Line]:
    """Return text that is not JSON line by line, with invisible characters made visible."""
    for number, part in enumerate(source.split("\n")):
        if number >= _MOST_LINES:
            return
        yield [Piece(_clean(part), tone)]
