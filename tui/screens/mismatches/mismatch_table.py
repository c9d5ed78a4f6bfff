"""The table of mismatches: what kind each is, which row it is, expected beside found."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from pipeline.findings import Kind, Mismatch, Value
from pipeline.text.sanitise import is_harmful, sanitised
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.table.column import Column, Columns
from tui.table.live_table import LiveTable

_CELLS: Final = 80
_WINDOW_START: Final = "window_start"
_ESCAPES: Final = {"\\": r"\\", "'": r"\'"}
_TONES: Final = {
    Kind.LATE: Tone.WAITS,
    Kind.UNDECIDED: Tone.WAITS,
    Kind.DUPLICATE: Tone.QUIET,
    Kind.WAITING: Tone.QUIET,
    Kind.EQUAL: Tone.ACCENT,
}


def tone(kind: Kind) -> Tone:
    """Return how a kind is drawn: what is wrong stands out."""
    return _TONES.get(kind, Tone.DANGER)


def written(value: Value) -> str:
    """Format a value with all its digits, since two that are compared may differ in the last."""
    match value:
        case None:
            return text.NOTHING
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return repr(value)
    return text.clean(value, _CELLS)


def _short(value: Value) -> str:
    return f"{value:,.6f}" if isinstance(value, float) else written(value)


def _identity(row: Mismatch) -> str:
    """Return what tells a row from others of its time."""
    named = {
        name: written(value)
        for name, value in row.identity.items()
        if name != _WINDOW_START and not str(value).startswith(str(row.at))
    }
    if len(named) == 1:
        return text.clean("".join(named.values()), _CELLS)
    return text.clean("  ".join(f"{name} {value}" for name, value in named.items()), _CELLS)


def _measure(row: Mismatch, _: float) -> Sequence[Piece]:
    names = row.differing
    if not names:
        return []
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return [Piece(text.clean(names[0], _CELLS)), Piece(more, Tone.QUIET)]


def _side(side: str) -> Callable[[Mismatch, float], Sequence[Piece]]:
    def cell(row: Mismatch, _: float) -> Sequence[Piece]:
        values = getattr(row, side)
        if values is None or not row.differing:
            return [Piece(text.NOTHING, Tone.QUIET)]
        return [Piece(_short(values[row.differing[0]]))]

    return cell


def _error(row: Mismatch, _: float) -> Sequence[Piece]:
    names = row.differing
    if not names or names[0] not in row.errors:
        return []
    return [Piece(f"{row.errors[names[0]]:.1e}", Tone.DANGER)]


_DRAWN: Final[tuple[Column[Mismatch], ...]] = (
    Column(
        "kind",
        12,
        lambda row, _: [Piece(row.kind, tone(row.kind))],
        name="kind",
        value=lambda row: row.kind.value,
    ),
    Column(
        "event time",
        19,
        lambda row, _: [Piece(text.event_time(row.at), Tone.QUIET)],
        name="at",
        kind=datetime,
        value=lambda row: row.at,
    ),
    Column("row", 12, lambda row, _: [Piece(_identity(row))], grow=24),
    Column("measure", 12, _measure, drop=2, grow=24),
    Column("expected", 13, _side("expected"), right=True),
    Column("found", 13, _side("found"), right=True),
    Column("error", 7, _error, right=True, drop=1),
    Column(name="reason", value=lambda row: row.reason),
)


def mismatch_columns(rows: Sequence[Mismatch]) -> Columns[Mismatch]:
    """Return the columns for these rows; their identity and measures are columns of exports."""
    named: dict[str, Callable[[Mismatch], Value]] = {}
    for row in rows:
        for name in row.identity:
            named[name] = _of("identity", name)
        for name in {**(row.expected or {}), **(row.found or {})}:
            named[f"expected_{name}"] = _of("expected", name)
            named[f"found_{name}"] = _of("found", name)
            named[f"error_{name}"] = _of("errors", name)
    exported = (
        Column(name=name, kind=_kind([value(row) for row in rows]), value=value)
        for name, value in named.items()
    )
    return Columns(*_DRAWN, *exported)


def _of(part: str, name: str) -> Callable[[Mismatch], Value]:
    def value(row: Mismatch) -> Value:
        values = getattr(row, part)
        found: Value = values.get(name) if values else None
        return found

    return value


def _kind(values: Sequence[Value]) -> type:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return float
    return kinds.pop() if len(kinds) == 1 else str


class MismatchTable(LiveTable[Mismatch]):
    """The mismatches of a job, the wrong ones first.

    Args:
        job: The job's name.
        profile: The console's profile.
    """

    EXPORTS = True

    def __init__(self, job: str, profile: str) -> None:
        super().__init__(Columns(*_DRAWN), _key, id="mismatch-table")
        self._job = job
        self._profile = profile

    def copied(self, row: Mismatch) -> str:
        """Return the command that compares this row again."""
        chosen = (f"--only {_quoted(f'{name}={value}')}" for name, value in row.named.items())
        profile = [f"--profile {_quoted(self._profile)}"] if self._profile != "local" else []
        return " ".join(["fraudwatch verify", self._job, *chosen, *profile])


def _quoted(words: str) -> str:
    """Quote for a shell; characters that could control a terminal are escaped, as bash reads it."""
    if sanitised(words) == words:
        return shlex.quote(words)
    escaped = (
        rf"\U{ord(character):08x}" if is_harmful(words, at) else _ESCAPES.get(character, character)
        for at, character in enumerate(words)
    )
    return f"$'{''.join(escaped)}'"


def _key(row: Mismatch) -> tuple[object, ...]:
    return (row.kind, *row.identity.items(), *(row.found or {}).items())
