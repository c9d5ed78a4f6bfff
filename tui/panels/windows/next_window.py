"""Two lines above the windows: which one closes next, and what holds it open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.session.view import View
from tui.table.layout import fit
from tui.widgets.lines import Lines

from .open_window import OpenWindow, open_window
from .windows_panel import WINDOWS

_SILENT_SECONDS: Final = 3.0


class OpenWindowLines(Lines):
    """When the next window closes, and what it waits for."""

    def __init__(self) -> None:
        super().__init__(id="open-window")

    def watch_view(self) -> None:
        """Leave their room to the table where nothing of one's own stream has been read yet."""
        view = self.view
        own = view is not None and bool(WINDOWS.tab(view.data).columns)
        self.display = not own or (view is not None and open_window(view) is not None)
        super().watch_view()

    def lines(self, view: View, width: int) -> Sequence[Sequence[Piece]]:
        """Return both lines; blank before the first transaction."""
        window = open_window(view)
        if window is None:
            return [[], []]
        return [
            fit(_closes(window), width, right=False),
            fit(_why(window, tutorial=not WINDOWS.tab(view.data).columns), width, right=False),
        ]


def _closes(window: OpenWindow) -> list[Piece]:
    pieces = [
        Piece("open ", Tone.QUIET),
        Piece(text.window(window.start, window.end), Tone.STRONG),
        Piece("  closes in ", Tone.QUIET),
        Piece(_span(window.missing)),
        Piece(" of event time", Tone.QUIET),
    ]
    if window.seconds is not None:
        soon = window.seconds < 1
        pieces.append(Piece(", in less than " if soon else ", in about ", Tone.QUIET))
        pieces.append(Piece("1 s" if soon else text.duration(window.seconds)))
    return pieces


def _why(window: OpenWindow, *, tutorial: bool) -> list[Piece]:
    pieces: list[Piece]
    if window.holder is None:
        pieces = [
            Piece(f"No {'transactions' if tutorial else 'records'} for ", Tone.WAITS),
            Piece(text.duration(window.silent), Tone.WAITS),
            Piece("; the watermark stands at ", Tone.QUIET),
            Piece(text.event_time(window.watermark)),
        ]
    else:
        pieces = [
            Piece("watermark ", Tone.QUIET),
            Piece(text.event_time(window.watermark)),
            Piece(", held back by partition ", Tone.QUIET),
            Piece(str(window.holder.number)),
            *_silence(window.silent, window.idle),
        ]
        if window.left_out:
            numbers = ", ".join(map(str, window.left_out))
            pieces.append(Piece(f"; left out as idle: {numbers}", Tone.WAITS))
    if window.late:
        pieces.append(Piece(f"; {text.integer(window.late)} dropped as late", Tone.DANGER))
    return pieces


def _silence(seconds: float, idle: float) -> list[Piece]:
    if seconds < _SILENT_SECONDS:
        return []
    limit = text.duration(idle)
    return [Piece(f" (silent for {text.duration(seconds)}, left out after {limit})", Tone.WAITS)]


def _span(span: timedelta) -> str:
    return text.duration(span.total_seconds())
