"""What a proof found, in one line, and one mismatch, in a few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len

from pipeline.findings import Findings, Mismatch
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.panels.jobs.proof_badge import badge
from tui.session.view import JobLine

from .mismatch_table import tone, written

_VALUE_CELLS: Final = 24
_LEAST_CELLS: Final = 8
_ERROR_CELLS: Final = 11
_OFF_CELLS: Final = 4


def counts(found: Findings | None, line: JobLine | None, now: float) -> list[Piece]:
    """Return the proof's badge and how many rows there are of each kind, while that is known."""
    pieces = list(badge(line, now)) if line is not None else []
    known = found.counts if found is not None and not (line and line.proving) else {}
    for kind, count in known.items():
        # A line does not break inside a count and its kind.
        name = f" {kind}".replace(" ", "\N{NO-BREAK SPACE}")
        pieces += [Piece("   "), Piece(text.integer(count), tone(kind)), Piece(name, Tone.QUIET)]
    return pieces


def why_none(found: Findings | None) -> Piece:
    """Return what is said where there is no mismatch."""
    if found is None:
        return Piece("Not proved yet: V compares the rows with their recomputation.", Tone.WAITS)
    return Piece("Every row that is final is equal.", Tone.ACCENT)


def compared(row: Mismatch, width: int) -> list[Sequence[Piece]]:
    """Return the reason, and a line for each measure: expected, found, relative error.

    Args:
        row: The mismatch.
        width: The width of a line in cells, in which names are cut before numbers are.
    """
    lines: list[Sequence[Piece]] = [
        [Piece(row.kind, tone(row.kind)), Piece(f": {text.clean(row.reason, 200)}.")]
    ]
    sides = {"expected": row.expected, "found": row.found}
    names = list(row.expected or row.found or {})
    values = {
        label: {name: text.NOTHING if side is None else written(side[name]) for name in names}
        for label, side in sides.items()
    }
    wide = {
        label: min(_VALUE_CELLS, max(map(cell_len, column.values()), default=0))
        for label, column in values.items()
    }
    room = width - sum(len(label) + cells + 4 for label, cells in wide.items()) - _ERROR_CELLS
    room -= _OFF_CELLS if room > _OFF_CELLS + _LEAST_CELLS else 0
    longest = max((cell_len(text.clean(name)) for name in names), default=0)
    for name in names:
        differs = name in row.differing
        pieces = [
            Piece(
                _padded(name, max(_LEAST_CELLS, min(longest, room))),
                Tone.PLAIN if differs else Tone.QUIET,
            )
        ]
        for label, column in values.items():
            value = _padded(column[name], wide[label])
            pieces.append(Piece(f"   {label} ", Tone.QUIET))
            pieces.append(Piece(value, Tone.STRONG if differs else Tone.QUIET))
        if name in row.errors:
            off = " off" if room >= longest else ""
            pieces.append(Piece(f"   {row.errors[name]:.1e}{off}", Tone.DANGER))
        lines.append(pieces)
    return lines


def _padded(value: str, cells: int) -> str:
    shown = text.clip_middle(text.clean(value), cells)
    return shown + " " * (cells - cell_len(shown))
