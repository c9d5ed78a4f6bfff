"""The layout of a table: how columns share its width, and the pieces of its lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Generic

from rich.cells import cell_len

from tui.drawing.text import clip, clip_middle
from tui.drawing.tones import Piece, Tone

from .column import Column, RowT

_GAPS: Final = (2, 5)


@dataclass(frozen=True, slots=True)
class Placed(Generic[RowT]):
    """A column with its width and the gap before it, in cells."""

    column: Column[RowT]
    width: int
    gap: int


def place(columns: Sequence[Column[RowT]], width: int) -> list[Placed[RowT]]:
    """Choose the columns that fit, and give spare cells to growing columns, then to gaps.

    If even the columns that always stay do not fit, growing columns are narrowed.
    """
    chosen = list(columns)
    smallest = _GAPS[0]
    while sum(column.width + smallest for column in chosen) - smallest > width:
        last = max(chosen, key=lambda column: column.drop)
        if last.drop == 0:
            break
        chosen.remove(last)
    left = width - sum(column.width + smallest for column in chosen) + smallest
    widths = []
    for column in chosen:
        extra = max(0, min(column.grow, left))
        if left < 0 and column.grow:
            # Text is cut with an ellipsis, before the edge of the table cuts it without one.
            extra = max(left, 1 - column.width)
        left -= extra
        widths.append(column.width + extra)
    gap = smallest + max(0, min(_GAPS[1] - smallest, left // max(1, len(chosen) - 1)))
    return [
        Placed(column, cells, gap if number else 0)
        for number, (column, cells) in enumerate(zip(chosen, widths, strict=True))
    ]


def column_at(placed: Sequence[Placed[RowT]], x: int) -> Column[RowT] | None:
    """Return the column at a cell of a line, with the gap before it; None behind the last one."""
    end = 0
    for each in placed:
        end += each.gap + each.width
        if x < end:
            return each.column
    return None


def heading(column: Column[RowT], *, sorted_by: bool, descending: bool) -> list[Piece]:
    """Return a column's title with its sort letter, and an arrow when the table is sorted by it."""
    if sorted_by:
        return [Piece(f"{column.title}{'▾' if descending else '▴'}", Tone.TITLE)]
    before, letter, after = _around(column.title, column.letter)
    return [Piece(before, Tone.QUIET), Piece(letter, Tone.STRONG), Piece(after, Tone.QUIET)]


def _around(title: str, letter: str) -> tuple[str, str, str]:
    place = title.lower().find(letter.lower()) if letter else -1
    if place < 0:
        return title, "", ""
    return title[:place], title[place], title[place + 1 :]


def lay_out(
    placed: Sequence[Placed[RowT]], cell: Callable[[Column[RowT]], Sequence[Piece]]
) -> list[Piece]:
    """Return the pieces of a line: each column's cell, fitted to its width."""
    places, cells = list(placed), [cell(each.column) for each in placed]
    while len(places) > 1 and _spreads(places[-1], cells[-1]) and not cells[-2]:
        before, last = places[-2:]
        width = before.width + last.gap + last.width
        places[-2:] = [Placed(last.column, width, before.gap)]
        del cells[-2]
    pieces: list[Piece] = []
    for each, content in zip(places, cells, strict=True):
        pieces.append(Piece(" " * each.gap))
        pieces += fit(content, each.width, right=each.column.right)
    return pieces


def _spreads(placed: Placed[RowT], pieces: Sequence[Piece]) -> bool:
    return placed.column.spreads and sum(cell_len(piece.text) for piece in pieces) > placed.width


def fit(pieces: Sequence[Piece], width: int, *, right: bool) -> list[Piece]:
    """Cut or pad pieces to exactly a width in cells."""
    fitted: list[Piece] = []
    left = width
    for piece in pieces:
        if left <= 0:
            break
        fits = Piece(_fitting(piece, left), piece.tone)
        left -= cell_len(fits.text)
        fitted.append(fits)
    if left > 0:
        fitted.insert(0 if right else len(fitted), Piece(" " * left))
    return fitted


def _fitting(piece: Piece, width: int) -> str:
    said = next(
        (each for each in (piece.text, *piece.shorter) if cell_len(each) <= width),
        piece.shorter[-1] if piece.shorter else piece.text,
    )
    return clip_middle(said, width) if piece.is_name else clip(said, width)
