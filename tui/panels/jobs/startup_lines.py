"""The steps of a start, or why it failed: on their own, or below the jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.geometry import Size

from pipeline.model.stack import Step, StepState
from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.session.start import no_start, unfinished
from tui.session.view import Phase, View
from tui.table.layout import fit
from tui.widgets.lines import Lines

_FRAMES: Final = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_FRAMES_PER_SECOND: Final = 10
_TITLE_CELLS: Final = 26
_TIME_CELLS: Final = 8
_WIDTH: Final = 84

_LOOKS: Final = {
    StepState.WAITING: ("·", Tone.LINE, Tone.QUIET, Tone.QUIET),
    StepState.RUNNING: ("", Tone.WAITS, Tone.STRONG, Tone.QUIET),
    StepState.DONE: ("✓", Tone.ACCENT, Tone.PLAIN, Tone.QUIET),
    StepState.FAILED: ("✗", Tone.DANGER, Tone.PLAIN, Tone.DANGER),
}


class StartupPanel(Lines):
    """All steps of the start, shown until Kafka has answered."""

    def __init__(self) -> None:
        super().__init__(id="startup")

    def lines(self, view: View, width: int) -> Sequence[Sequence[Piece]]:
        return startup_lines(view, min(_WIDTH, width))


class StartLines(Lines):
    """The unfinished steps of a start, below the jobs; empty once the stack is up."""

    def __init__(self) -> None:
        super().__init__(id="start")
        self.display = False

    def watch_view(self) -> None:
        view = self.view
        if view is None or view.leaving:
            return
        self.display = view.coming_up and bool(self.lines(view, _WIDTH))
        if self.display:
            super().watch_view()
            width = self.content_size.width
            if self.get_content_height(self.size, self.size, width) != self.content_size.height:
                self.refresh(layout=True)

    def lines(self, view: View, width: int) -> Sequence[Sequence[Piece]]:
        """Return the unfinished steps; after a failed start, the failed steps and the problem."""
        failed = view.phase is Phase.FAILED
        steps = [
            step for step in unfinished(view.steps) if not failed or step.state is StepState.FAILED
        ]
        return [_step(step, view.now, min(_WIDTH, width)) for step in steps] + _problem(view)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Return the number of lines at this width, which is not the rendered one yet."""
        return self.content(width).get_height({}, width) if width else 0


def startup_lines(view: View, width: int) -> list[list[Piece]]:
    """Return the panel's lines for a width in cells."""
    lines = [_title(view, width), [Piece("─" * width, Tone.LINE)]]
    lines += [_step(step, view.now, width) for step in view.steps]
    if view.problem is not None:
        lines += [[], *_problem(view)]
        lines += [
            [],
            [
                Piece("r", Tone.TITLE),
                Piece(" tries again   ", Tone.QUIET),
                Piece("q", Tone.TITLE),
                Piece(" quits", Tone.QUIET),
            ],
        ]
    return lines


def _problem(view: View) -> list[list[Piece]]:
    if view.problem is None:
        return []
    message, hint = (text.clean(part, 600) for part in (view.problem.message, view.problem.hint))
    return [[Piece(message, Tone.DANGER)], *([[Piece(hint)]] if hint else [])]


def _title(view: View, width: int) -> list[Piece]:
    if view.phase is Phase.FAILED:
        return fit([Piece(no_start(view), Tone.STRONG)], width, right=False)
    elapsed = _seconds(view.now - view.since)
    doing = "Attaching to Kafka and Flink" if view.attaches else "Starting the stack"
    left = fit([Piece(doing, Tone.STRONG)], width - _TIME_CELLS, right=False)
    return left + fit([Piece(elapsed, Tone.QUIET)], _TIME_CELLS, right=True)


def _step(step: Step, now: float, width: int) -> list[Piece]:
    mark, mark_tone, title_tone, detail_tone = _LOOKS[step.state]
    if step.state is StepState.RUNNING:
        mark = _FRAMES[int(now * _FRAMES_PER_SECOND) % len(_FRAMES)]
    time = _seconds(step.seconds) if step.seconds or step.state is StepState.DONE else ""
    return [
        Piece(f"{mark} ", mark_tone),
        *_cell(text.clean(step.title), title_tone, _TITLE_CELLS),
        *_cell(text.clean(step.detail), detail_tone, width - _TITLE_CELLS - _TIME_CELLS - 2),
        *fit([Piece(time, Tone.QUIET)], _TIME_CELLS, right=True),
    ]


def _cell(value: str, tone: Tone, width: int) -> Sequence[Piece]:
    # One blank cell, so that a truncated detail does not touch the time.
    return [*fit([Piece(value, tone)], width - 1, right=False), Piece(" ")]


def _seconds(value: float) -> str:
    return f"{value:.1f} s"
