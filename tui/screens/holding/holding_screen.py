"""The dialog that writes a test of a row: what is being done, then where it is."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from pipeline.model.held_tests import WantedTest
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, dialog_bindings
from tui.session.session import Session

from .writing import Writing

_LOOK_SECONDS: Final = 0.25
_CELLS: Final = 300


class HoldingScreen(ModalScreen[None]):
    """Writes a test; closing it earlier ends that.

    Args:
        session: The session with the stack.
        wanted: The test.
    """

    BINDINGS = dialog_bindings(Scope.HOLDING)

    def __init__(self, session: Session, wanted: WantedTest) -> None:
        super().__init__()
        self._wanted = wanted
        self._clock = session.clock
        self._began = session.clock()
        self._writing = Writing(lambda report: session.write_test(wanted, report))

    def compose(self) -> ComposeResult:
        """Lay out which row it is, and what is being done or was written."""
        what = "The smallest case of" if self._wanted.smallest else "Hold"
        row = "  ".join(f"{name} {value}" for name, value in self._wanted.row.items())
        with Vertical(classes="dialog") as box:
            box.border_title = f"{what} {text.clean(self._wanted.feature)}"
            yield Static(content([Piece(text.clean(row, _CELLS), Tone.QUIET)]))
            yield Static(id="holding-progress")

    def on_mount(self) -> None:
        self._writing.start()
        self.set_interval(_LOOK_SECONDS, self._draw)
        self._draw()

    def on_unmount(self) -> None:
        self._writing.stop()

    def action_close(self) -> None:
        if self._writing.progress.busy:
            self.notify("Cancelled; no test is written.")
        self.dismiss(None)

    def action_copy(self) -> None:
        written = self._writing.progress.written
        if written is None:
            self.notify("There is no test yet.")
            return
        self.app.copy_to_clipboard(written.path)
        self.notify("Copied the path")

    def _draw(self) -> None:
        progress = self._writing.progress
        box = self.query_one(".dialog", Vertical)
        if progress.written is not None:
            box.border_subtitle = "y copies the path, esc closes"
            pieces = [
                Piece(f"{progress.written.said} ", Tone.ACCENT),
                Piece(text.clean(progress.written.path, _CELLS)),
            ]
        elif progress.problem is not None:
            box.border_subtitle = "esc closes"
            pieces = [Piece(text.clean(str(progress.problem), _CELLS), Tone.DANGER)]
        else:
            box.border_subtitle = "esc cancels"
            doing = f"… {text.clean(progress.doing, _CELLS)}"
            took = text.duration(self._clock() - self._began)
            pieces = [Piece(doing, Tone.WAITS), Piece(f"   {took}", Tone.QUIET)]
        self.query_one("#holding-progress", Static).update(content(pieces))
