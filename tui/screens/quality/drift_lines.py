"""The inputs of a signal by how far they have drifted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from pipeline.signals.drift import LARGE, MODERATE
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.panels.signals.signal_drift import Drift, InputDrift
from tui.streams.problem import Problem
from tui.table.layout import fit

_NAME_CELLS: Final = 31
_BAR_CELLS: Final = 12
_FULL: Final = 0.5
"""The index at which a bar is full."""


class DriftLines(Widget):
    """What the rows were compared with, and an input a line, the one that drifts most first."""

    shown: reactive[tuple[Drift | None, Problem | None, bool]] = reactive[
        tuple[Drift | None, Problem | None, bool]
    ]((None, None, False))
    """The drift; why it is not known; whether the last hour has too few rows."""

    def render(self) -> Content:
        drift, problem, refused = self.shown
        width = self.content_size.width
        lines = list(_lines(drift, problem, refused=refused))
        shown = lines[: max(1, self.content_size.height)]
        if len(shown) < len(lines):
            shown[-1] = [Piece(f"… and {len(lines) - len(shown) + 1} more", Tone.QUIET)]
        return Content("\n").join(content(fit(line, width, right=False)) for line in shown)


def _lines(
    drift: Drift | None, problem: Problem | None, *, refused: bool
) -> Iterator[Sequence[Piece]]:
    if drift is None:
        said = "Comparing…" if problem is None else text.clean(problem)
        yield [Piece(said, Tone.WAITS if problem is None else Tone.DANGER)]
        return
    yield _heading(drift, refused=refused)
    yield [
        Piece(f"{'input':<{_NAME_CELLS}}", Tone.STRONG),
        Piece(f"{'index':>7}  {'':<{_BAR_CELLS}}{'nulls':>8}   newest value", Tone.STRONG),
    ]
    for each in drift.inputs:
        yield _line(each)


def _heading(drift: Drift, *, refused: bool) -> list[Piece]:
    rows = f"the newest {counted(drift.rows, 'row')}"
    if refused:
        return [Piece("The last hour has too few rows to compare with.", Tone.DANGER)]
    if not drift.reference:
        return [Piece(f"Drift of {rows}: h compares them with the last hour.", Tone.WAITS)]
    return [
        Piece(f"Drift of {rows} since {drift.reference}", Tone.STRONG),
        Piece(f"   {MODERATE:g} moderate, {LARGE:g} large", Tone.QUIET),
    ]


def _line(each: InputDrift) -> list[Piece]:
    tone = Tone.PLAIN
    if each.index is not None and each.index >= MODERATE:
        tone = Tone.DANGER if each.index >= LARGE else Tone.WAITS
    index = text.NOTHING if each.index is None else f"{each.index:.2f}"
    full = 0 if each.index is None else min(_BAR_CELLS, round(each.index / _FULL * _BAR_CELLS))
    newest = text.NOTHING if each.newest is None else text.short_time(each.newest)
    return [
        Piece(f"{text.clip(each.name, _NAME_CELLS - 1):<{_NAME_CELLS}}"),
        Piece(f"{index:>7}  {'█' * full:<{_BAR_CELLS}}", tone),
        Piece(f"{text.share(each.nulls):>8}", Tone.WAITS if each.nulls == 1 else Tone.QUIET),
        Piece(f"   {newest}", Tone.QUIET),
    ]
