"""The dialog that asks how to start a job whose SQL has changed since its state was saved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from pipeline.model.jobs import Resume
from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content
from tui.keymap import Scope, bindings
from tui.widgets.choice import Choice


class ChangedScreen(ModalScreen[Resume | None]):
    """Returns how to resume, or None to do nothing.

    Args:
        why: A sentence about the change.
        ways_on: The options.
    """

    BINDINGS = bindings(Scope.CHANGED)
    CSS_PATH: ClassVar[str] = "../../styles/forms.tcss"
    AUTO_FOCUS = ""

    def __init__(self, why: str, ways_on: Sequence[Resume]) -> None:
        super().__init__()
        self._why = why
        self._ways_on = tuple(ways_on)

    def compose(self) -> ComposeResult:
        """Show what has changed, and the options."""
        with Vertical(classes="form"):
            yield Static(content([Piece(text.clean(self._why), Tone.STRONG)]), classes="heading")
            yield Static(
                content([Piece("The saved state can only be used by the SQL that produced it.")])
            )
            with Vertical(classes="choices"):
                if Resume.FRESH in self._ways_on:
                    yield Choice(
                        "f",
                        "start fresh: the state is discarded",
                        "fresh",
                        tone=Tone.DANGER,
                        id="fresh",
                    )
                if Resume.AS_BEFORE in self._ways_on:
                    yield Choice(
                        "b",
                        "start as before: the old SQL, from its saved state",
                        "as_before",
                        id="as-before",
                    )
                yield Choice("n", "go back", "refuse", id="refuse")

    def action_fresh(self) -> None:
        self._choose(Resume.FRESH)

    def action_as_before(self) -> None:
        self._choose(Resume.AS_BEFORE)

    def action_refuse(self) -> None:
        self.dismiss(None)

    def _choose(self, resume: Resume) -> None:
        if resume in self._ways_on:
            self.dismiss(resume)
