"""A line above the alerts: from which score there is one, and how well the signal does."""

from __future__ import annotations

from collections.abc import Sequence

from tui.drawing import text
from tui.drawing.tones import Piece, Tone
from tui.session.view import View
from tui.table.layout import fit
from tui.widgets.lines import Lines

from .quality_text import percent, rate, span
from .signal_page import SignalPage
from .signals_panel import SIGNALS


class SignalLines(Lines):
    """The figures that matter most; blank before anything was scored."""

    def __init__(self) -> None:
        super().__init__(id="signal-lines")

    def lines(self, view: View, width: int) -> Sequence[Sequence[Piece]]:
        page = view.data.of(SIGNALS)
        if not isinstance(page, SignalPage) or page.quality is None:
            return [[]]
        quality = page.quality
        outcome = quality.everything.outcome(quality.threshold)
        pieces = [
            *_standing(view),
            Piece("alert from ", Tone.QUIET),
            Piece(f"{quality.threshold:g}", Tone.STRONG),
        ]
        for value, meaning in (
            (rate(outcome.alerts_a_day), " alerts a day"),
            (f"precision {percent(outcome.precision)}", span(outcome.precision)),
            (f"recall {percent(outcome.recall)}", span(outcome.recall)),
            (f"caught {text.money(outcome.caught_amount)}", ""),
            (f"missed {text.money(outcome.missed_amount)}", ""),
        ):
            pieces += [Piece("   "), Piece(value), Piece(meaning, Tone.QUIET)]
        return [fit(pieces, width, right=False)]


def _standing(view: View) -> list[Piece]:
    """Say whether the signal is the live one; nothing before one was chosen."""
    if not any(tab.live for tab in SIGNALS.tabs_of(view.data)):
        return []
    live = SIGNALS.tab(view.data).live
    return [Piece("live   ", Tone.ACCENT) if live else Piece("shadow   ", Tone.WAITS)]
