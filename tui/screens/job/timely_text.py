"""Two distributions: when values were there, and how far off what was known before was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from textual.content import Content

from pipeline.findings import DELAYS, ERRORS, Findings, Timeliness
from pipeline.text.words import counted
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.streams.watch import Watched

_LABEL_CELLS: Final = 19
_COLUMN_CELLS: Final = 14
_SHARE_CELLS: Final = 9
_BAR_CELLS: Final = 40
_BETTER: Final = ("the final value", *(f"within {bound * 100:g} %" for bound in ERRORS[1:]))
_NO_PROOF: Final = "Not measured yet: V proves the job, and measures it along the way."
_NO_ROWS: Final = "No transaction in Kafka has a row yet, or Kafka does not say when they came."


def timely(found: Watched[Findings | None], now: float) -> Content:
    """Return how timely the values of a job were when it was last proved.

    Args:
        found: What the last proof found.
        now: Seconds since the epoch.
    """
    if not found.at:
        said = str(found.problem) if found.problem else "Reading…"
        return content([Piece(text.clean(said), Tone.DANGER if found.problem else Tone.WAITS)])
    if found.value is None:
        return content([Piece(_NO_PROOF, Tone.WAITS)])
    measured = found.value.timeliness
    if measured is None:
        return content([Piece(_NO_ROWS, Tone.WAITS)])
    lines = [*_delays(measured, text.age(now - found.value.at)), (), *_known(measured)]
    return Content("\n").join(content(line) for line in lines)


def _delays(measured: Timeliness, age: str) -> Iterator[Sequence[Piece]]:
    yield [
        Piece("A value was there after", Tone.TITLE),
        *_figure("median", measured.median),
        *_figure("99 of 100", measured.most),
        *_figure("longest", measured.longest),
    ]
    newest = f"{counted(measured.rows, 'transaction')}, the newest at the proof {age}"
    yield [Piece(newest, Tone.QUIET)]
    labels = [*(f"up to {_seconds(bound)}" for bound in DELAYS), "longer"]
    for label, count in zip(labels, measured.delays, strict=True):
        share = count / measured.rows
        yield [
            Piece(f"{label:<{_LABEL_CELLS}}", Tone.QUIET),
            Piece(f"{_share(share):>{_SHARE_CELLS}}  ", Tone.PLAIN if count else Tone.QUIET),
            Piece("█" * round(share * _BAR_CELLS), Tone.ACCENT),
        ]


def _known(measured: Timeliness) -> Iterator[Sequence[Piece]]:
    heads = (f"after {_seconds(each.after)}" for each in measured.known)
    yield [
        Piece(f"{'What was known':<{_LABEL_CELLS}}", Tone.TITLE),
        *(Piece(f"{head:>{_COLUMN_CELLS}}", Tone.QUIET) for head in heads),
    ]
    columns = [(*each.within, each.none) for each in measured.known]
    for place, label in enumerate([*_BETTER, "further off", "no value"]):
        tone = {0: Tone.ACCENT, len(_BETTER): Tone.DANGER}.get(place, Tone.PLAIN)
        yield [
            Piece(f"{label:<{_LABEL_CELLS}}", Tone.QUIET),
            *(
                Piece(f"{_share(column[place] / measured.rows):>{_COLUMN_CELLS}}", tone)
                for column in columns
            ),
        ]


def _figure(label: str, seconds: float) -> list[Piece]:
    return [Piece(f"   {label} ", Tone.QUIET), Piece(_seconds(seconds), Tone.STRONG)]


def _seconds(seconds: float) -> str:
    return f"{seconds:.2g} s" if seconds < 10 else text.duration(seconds)


def _share(share: float) -> str:
    return f"{share:.1%}".replace("%", " %")
