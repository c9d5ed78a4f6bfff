"""The screen that says how well a signal does, and tries another threshold."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.widgets import Footer, Static

from pipeline.signals.quality import Quality
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, inner_bindings
from tui.panels.signals.signal_page import SignalPage
from tui.panels.signals.signals_panel import SIGNALS
from tui.panels.signals.signals_table import why_no_alerts
from tui.screens.live_screen import LiveScreen
from tui.session.read_only import Guarded
from tui.session.session import Session
from tui.session.view import View
from tui.widgets.header import Header
from tui.widgets.titles import Title, TitleLine

from .drift_lines import DriftLines
from .drifting import Drifting
from .proposal import change, moved
from .quality_lines import QualityLines
from .quality_plots import CurvePlot, ScoresPlot, SignalPlot

# Beside the figures, the plots need width; below them, height.
_BY_WIDTH: Final = [(0, "-narrow"), (130, "-wide")]
_BY_HEIGHT: Final = [(0, "-low"), (30, "-tall")]


class QualityScreen(Guarded, LiveScreen):
    """The figures of the signal that the panel Signals shows.

    Args:
        session: The session with the signal.
    """

    CSS_PATH = "quality.tcss"
    BINDINGS = inner_bindings(Scope.QUALITY)
    AUTO_FOCUS = ""
    HORIZONTAL_BREAKPOINTS = _BY_WIDTH
    VERTICAL_BREAKPOINTS = _BY_HEIGHT

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._quality: Quality | None = None
        self._proposed: float | None = None
        self._drifting: Drifting | None = None

    def compose(self) -> ComposeResult:
        """Lay out the header, what is tried, the figures and the plots."""
        yield Header().data_bind(QualityScreen.view)
        yield TitleLine()
        yield Static(id="quality-change")
        with Container(id="quality-body"):
            yield QualityLines()
            with Vertical(id="quality-plots"):
                yield ScoresPlot()
                yield CurvePlot()
                yield DriftLines()
        yield Footer(show_command_palette=False)

    def draw(self, view: View) -> None:
        page, tab = view.data.of(SIGNALS), SIGNALS.tab(view.data)
        self._quality = page.quality if isinstance(page, SignalPage) else None
        quality = self._quality
        if quality is not None and self._proposed == quality.threshold:
            self._proposed = None
        threshold = tab.threshold if quality is None else quality.threshold
        note = "" if threshold is None else f"alert from {threshold:g}"
        title = Title("quality", "", f"Quality of {text.clean(tab.feature)}", note)
        self.query_one(TitleLine).titles = (title,)
        self.query_one("#quality-change", Static).update(content(self._change(view)))
        self.query_one(QualityLines).shown = None if quality is None else (quality, self._proposed)
        for plot in self.query(SignalPlot):
            plot.show(quality, self._proposed)
        if self._drifting is not None:
            last = self._drifting.last
            shown = (last.value, last.problem, self._drifting.refused)
            self.query_one(DriftLines).shown = shown

    def on_mount(self) -> None:
        self.query_one(DriftLines).display = False

    def on_unmount(self) -> None:
        if self._drifting is not None:
            self._drifting.stop()

    def action_drift(self) -> None:
        """Show how far the inputs have drifted in place of the plots, or the plots again."""
        lines = self.query_one(DriftLines)
        lines.display = not lines.display
        for plot in self.query(SignalPlot):
            plot.display = not lines.display
        if self._drifting is None:
            self._drifting = Drifting(self._session, SIGNALS.tab(self.view.data).feature)
            self._drifting.start()
        self.redraw()

    def action_reference(self) -> None:
        """Compare the inputs with the last hour of event time from now on."""
        if self._drifting is None or not self.query_one(DriftLines).display:
            self.action_drift()
        if self._drifting is not None:
            self._drifting.choose_hour()

    def action_propose(self, step: int) -> None:
        """Try the next threshold above or below."""
        if self._quality is None:
            return
        now = self._quality.threshold
        proposed = moved(now if self._proposed is None else self._proposed, step)
        self._proposed = None if proposed == now else proposed
        self.redraw()

    def action_forget(self) -> None:
        """Try no other threshold."""
        self._proposed = None
        self.redraw()

    def action_give(self) -> None:
        """Give the signal the threshold that is tried."""
        if self._proposed is not None:
            self._session.signals.set_threshold(SIGNALS.tab(self.view.data).feature, self._proposed)

    def _change(self, view: View) -> list[Piece]:
        if self._quality is None:
            return list(why_no_alerts(view))
        if self._proposed is None:
            return [Piece("[ and ] try another threshold.", Tone.QUIET)]
        counts = self._quality.everything
        now, then = counts.outcome(self._quality.threshold), counts.outcome(self._proposed)
        return [
            Piece(f"From {self._proposed:g}: ", Tone.WAITS),
            Piece(f"{change(now, then)}."),
        ]
