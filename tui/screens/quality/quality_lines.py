"""The figures of a signal in columns: of all records, of the last day, and at another threshold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from pipeline.signals.quality import Confusion, Counts, Quality, Share
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.panels.signals.quality_text import percent, plain, rate, span
from tui.table.layout import fit

Line = Sequence[Piece]

_NAME_CELLS: Final = 18
_LEAST_CELLS: Final = 20
_GAP: Final = 2
_DAY: Final = timedelta(days=1)
_NAMES: Final = (
    *("scored", "unlabelled", "alerts a day", "fraud caught", "fraud missed", "false alerts"),
    *("passed rightly", "precision", "recall", "F1", "average precision"),
)


class QualityLines(Widget):
    """The figures, one a line."""

    shown: reactive[tuple[Quality, float | None] | None] = reactive[
        tuple[Quality, float | None] | None
    ](None)
    """The quality, and the threshold that is tried, if any."""

    def render(self) -> Content:
        if self.shown is None:
            return Content("")
        width = self.content_size.width
        lines = table(*self.shown)
        return Content("\n").join(content(fit(line, width, right=False)) for line in lines)


def table(quality: Quality, proposed: float | None) -> list[list[Piece]]:
    """Return the lines of the figures, the first one with the headings."""
    everything, recent = quality.everything, quality.recent
    now = quality.threshold
    columns = [
        ("everything read", _figures(everything, everything.outcome(now))),
        ("last 24 h", _figures(recent, recent.outcome(now))),
    ]
    if proposed is not None:
        heading = f"everything at {proposed:g}"
        columns.append((heading, _figures(everything, everything.outcome(proposed))))
    widest = max(len(each) for name, figures in columns for each in (name, *figures))
    cells = max(_LEAST_CELLS, widest + _GAP)

    def line(name: str, figures: Iterable[str], tone: Tone = Tone.PLAIN) -> list[Piece]:
        title = Piece(f"{name:<{_NAME_CELLS}}", Tone.QUIET)
        return [title, *(Piece(f"{each:>{cells}}", tone) for each in figures)]

    lines = [line("", (name for name, _ in columns), Tone.STRONG)]
    if quality.maturity:
        days = f"{quality.maturity / _DAY:g}"
        young = f"{text.integer(quality.young)} of the last {days} d"
        lines.append(line("not counted yet", [young]))
    for number, name in enumerate(_NAMES):
        lines.append(line(name, (figures[number] for _, figures in columns)))
    return lines


def _figures(counts: Counts, outcome: Confusion) -> tuple[str, ...]:
    total = counts.total
    return (
        text.integer(total),
        text.share(outcome.unlabelled / total) if total else text.NOTHING,
        rate(outcome.alerts_a_day),
        _with_amount(outcome.caught, outcome.caught_amount, outcome.fraud),
        _with_amount(outcome.missed, outcome.missed_amount, outcome.fraud),
        _known(outcome.false_alerts, outcome),
        _known(outcome.passed, outcome),
        percent(outcome.precision) + span(outcome.precision),
        percent(outcome.recall) + span(outcome.recall),
        plain(outcome.f1),
        _average(counts.average_precision),
    )


def _average(found: Share | None) -> str:
    if found is None:
        return text.NOTHING
    return f"{plain(found.value)} ({found.low:.2f}–{found.high:.2f})"


def _with_amount(count: int, amount: float, of: int) -> str:
    """Format a number of frauds with their sum; a dash if there are none at all."""
    return f"{text.integer(count)} · {amount:,.0f}" if of else text.NOTHING


def _known(count: int, outcome: Confusion) -> str:
    labelled = outcome.fraud + outcome.false_alerts + outcome.passed
    return text.integer(count) if labelled else text.NOTHING
