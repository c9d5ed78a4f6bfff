"""Adapts to the terminal and the standard streams: any encoding, closed, or dumb."""

from __future__ import annotations

import codecs
import io
import os
import shutil
import sys
from pathlib import Path
from typing import Final

from pipeline.errors import PipelineError
from pipeline.text.sanitise import escaped

_ERRORS: Final = "fraudwatch-plain"
# ASCII replacements for the characters that commands print; of equal width where that matters.
_PLAIN: Final = {
    "✓": "+",
    "✗": "x",
    "·": "-",
    "×": "x",
    "…": "...",
    "→": "->",
    "–": "-",
    "─": "-",
    "│": "|",
    "╭": "+",
    "╮": "+",
    "╰": "+",
    "╯": "+",
    "┌": "+",
    "┐": "+",
    "└": "+",
    "┘": "+",
    "├": "+",
    "┤": "+",
    "┬": "+",
    "┴": "+",
    "┼": "+",
    "•": "*",
    "█": "#",
    "≥": ">=",
    "±": "+-",
}
_HEADLESS: Final = (
    "`fraudwatch status`, `tail` and `verify` work anywhere; `fraudwatch --help` lists all."
)
_COLUMNS: Final = "COLUMNS"
# With fewer or more, the library that lays out the help fails, or never ends.
_LEAST_COLUMNS, _MOST_COLUMNS = 20, 1_000
# Values of TERM for terminals without cursor control.
_DUMB: Final = frozenset({"", "dumb", "unknown"})


def prepare_streams() -> None:
    """Make printing to stdout and stderr succeed, whatever is printed and whether they are open.

    A character that the stream's encoding lacks is replaced with ASCII; output to a closed stream
    is discarded; and there are at least as many columns as the help needs.
    """
    codecs.register_error(_ERRORS, _in_ascii)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream = getattr(sys, name)
        if stream is None:
            mode = "w" if number else "r"
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115  (open to the end)
        elif number and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=_ERRORS)
    found = shutil.get_terminal_size().columns
    columns = min(max(found, _LEAST_COLUMNS), _MOST_COLUMNS)
    if columns != found or os.environ.get(_COLUMNS) not in (None, str(columns)):
        # It is out of range, or no number, for which the terminal's own size stands.
        os.environ[_COLUMNS] = str(columns)


def takes(text: str) -> bool:
    """Whether stdout's encoding can represent a text."""
    try:
        text.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        return False
    return True


def as_printed(text: str) -> str:
    """Return a text as stdout prints it, whose length may differ."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, sys.stdout.errors or "strict").decode(encoding)


def require_drawing() -> None:
    """Check that the console can draw on this terminal.

    Raises:
        PipelineError: There is no terminal, it has no cursor control, or its encoding is too small.
    """
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise PipelineError("The console needs a terminal.", _HEADLESS)
    kind = os.environ.get("TERM", "")
    if kind in _DUMB:
        said = f"TERM is {kind!r}" if kind else "TERM is not set"
        raise PipelineError(f"The console cannot draw in this terminal: {said}.", _HEADLESS)
    _draw_in_utf8()


def _draw_in_utf8() -> None:
    """Switch standard error, on which Textual draws, to UTF-8."""
    encoding = sys.stderr.encoding
    if codecs.lookup(encoding).name == "utf-8":
        return
    import locale

    stream = sys.__stderr__
    # Python was configured for another encoding than the terminal's.
    if codecs.lookup(locale.getencoding()).name == "utf-8" and isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(encoding="utf-8")
        return
    raise PipelineError(
        f"The console draws in UTF-8, but this terminal's encoding is {encoding}.",
        f"Set LC_ALL=C.UTF-8 if the terminal supports it; {_HEADLESS}",
    )


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    part = error.object[error.start : error.end]
    return "".join(_PLAIN.get(character) or escaped(character) for character in part), error.end
