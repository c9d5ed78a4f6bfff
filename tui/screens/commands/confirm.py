"""The dialog before something is lost: it says what, and only `y` or the mouse confirms."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, bindings
from tui.widgets.choice import Choice

_QUESTION_CELLS: Final = 400
_CONSEQUENCE_CELLS: Final = 1_000


class ConfirmScreen(ModalScreen[bool]):
    """Returns whether to go ahead.

    Enter and space do nothing, so that keys typed ahead cannot destroy anything.

    Args:
        question: What is about to happen: `Cancel tumbling?`.
        consequence: Sentences about what is lost.
        verb: What `y` does, in a word or two: `cancel it`.
    """

    BINDINGS = bindings(Scope.QUESTION)
    CSS_PATH: ClassVar[str] = "../../styles/forms.tcss"
    AUTO_FOCUS = ""

    def __init__(self, question: str, consequence: str, verb: str) -> None:
        super().__init__()
        self._question = question
        self._consequence = consequence
        self._verb = verb

    def compose(self) -> ComposeResult:
        """Show the question, its consequence and the two choices."""
        question = text.clean(self._question, _QUESTION_CELLS)
        consequence = text.clean(self._consequence, _CONSEQUENCE_CELLS)
        with Vertical(classes="form"):
            yield Static(content([Piece(question, Tone.STRONG)]), classes="heading")
            yield Static(content([Piece(consequence)]))
            with Horizontal(classes="choices"):
                yield Choice("y", self._verb, "confirm", tone=Tone.DANGER, id="confirm")
                yield Choice("n", "go back", "refuse", id="refuse")

    def action_confirm(self) -> None:
        self.dismiss(True)

    def action_refuse(self) -> None:
        self.dismiss(False)
