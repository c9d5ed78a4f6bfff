"""The screen that declares the source which fits a topic, as `fraudwatch inspect` prints it."""

from __future__ import annotations

from typing import Final

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Footer, Static

from pipeline.text.words import counted
from tui.drawing import code, text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, inner_bindings
from tui.screens.live_screen import LiveScreen
from tui.session.view import View
from tui.streams.inspecting import Inspected, Inspecting
from tui.streams.tail_source import Tails

_NAME_CELLS: Final = 60
# The message and what to do fill some lines of the screen.
_PROBLEM_CELLS: Final = 1_000


class Declaration(VerticalScroll, can_focus=True, inherit_bindings=False):
    """The declaration; the screen's keys scroll it."""


class InspectScreen(LiveScreen):
    """Shows what a topic holds as the declaration of a source.

    Args:
        tails: Reads the topic.
        topic: Its name in Kafka.
    """

    CSS_PATH = "inspect.tcss"
    BINDINGS = inner_bindings(Scope.INSPECT)
    AUTO_FOCUS = "Declaration"

    def __init__(self, tails: Tails, topic: str) -> None:
        super().__init__()
        self._topic = topic
        self._inspecting = Inspecting(tails, topic)
        self._shown: Inspected | None = None

    def compose(self) -> ComposeResult:
        """Lay out a line, the declaration and the footer."""
        yield Static(id="inspect-head")
        with Declaration(id="declaration"):
            yield Static(id="declaration-text")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self._inspecting.start()

    def on_unmount(self) -> None:
        self._inspecting.stop()

    def draw(self, view: View) -> None:
        found = self._inspecting.last
        if found is self._shown:
            return
        self._shown = found
        name = Piece(text.clean(self._topic, _NAME_CELLS), Tone.TITLE)
        self.query_one("#inspect-head", Static).update(content([name, Piece(f"   {_said(found)}")]))
        self.query_one("#declaration-text", Static).update(_shown(found))

    def action_scroll(self, lines: int) -> None:
        self.query_one(Declaration).scroll_relative(y=lines, animate=False)

    def action_again(self) -> None:
        """Look at the records that are the newest now."""
        self._inspecting.again()
        self.redraw()

    def action_copy(self) -> None:
        declaration = self._inspecting.last.declaration
        if declaration:
            self.app.copy_to_clipboard(declaration)
            self.notify("Copied the declaration.", markup=False)


def _said(found: Inspected) -> str:
    if found.declaration:
        return "as a source; y copies it"
    return "" if found.problem else f"reading: {counted(found.read, 'record')}"


def _shown(found: Inspected) -> Content:
    if found.problem is not None:
        return content([Piece(text.clean(str(found.problem), _PROBLEM_CELLS), Tone.DANGER)])
    if not found.declaration:
        return content([Piece("Reading the newest records…", Tone.WAITS)])
    return code.expression(found.declaration)
