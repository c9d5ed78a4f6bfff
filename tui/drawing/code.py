"""Syntax highlighting of SQL and Ibis expressions in the console's tones."""

from __future__ import annotations

from pygments.token import Token
from textual.content import Content
from textual.highlight import HighlightTheme, highlight

from .text import clean
from .tones import Tone

_LINE_CELLS = 1_000


class _Tones(HighlightTheme):
    """The tone of each kind of token; tokens that are not listed stay plain."""

    STYLES: dict[tuple[str, ...], str] = {  # noqa: RUF012 - as the base class has it
        Token.Keyword: Tone.TITLE.value,
        Token.Name.Builtin: Tone.TITLE.value,
        Token.Literal.Number: Tone.WAITS.value,
        Token.Literal.String: Tone.ACCENT.value,
        Token.Comment: Tone.QUIET.value,
        Token.Punctuation: Tone.QUIET.value,
    }


def harmless(text: str) -> str:
    """Clean a text of several lines, each of them with `clean`."""
    return "\n".join(clean(line, _LINE_CELLS) for line in text.splitlines())


def sql(text: str) -> Content:
    return highlight(harmless(text), language="sql", theme=_Tones)


def expression(text: str) -> Content:
    """Highlight a printed Ibis expression."""
    return highlight(harmless(text), language="python", theme=_Tones)
