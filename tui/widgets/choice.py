"""A choice in a dialog: a key and its label, which can be clicked."""

from __future__ import annotations

from textual.widgets import Static

from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content


class Choice(Static, can_focus=False):
    """Shows a key and its label; a click runs the key's action.

    It takes no focus, so that a stray enter or space cannot trigger it.

    Args:
        key: The key as it is written for people.
        label: What the key does.
        action: The screen's action, as in the keymap.
        tone: The key's tone.
        id: The widget's id.
    """

    def __init__(
        self,
        key: str,
        label: str,
        action: str,
        *,
        tone: Tone = Tone.ACCENT,
        id: str | None = None,
    ) -> None:
        self._pieces = (Piece(key, tone), Piece(f" {text.clean(label)}"))
        self._action = action
        super().__init__(content(self._pieces), id=id)

    def mark(self, *, chosen: bool) -> None:
        """Mark it as the chosen one of several."""
        dot = Piece("● ", Tone.ACCENT) if chosen else Piece("○ ", Tone.QUIET)
        self.update(content([dot, *self._pieces]))

    async def on_click(self) -> None:
        await self.run_action(f"screen.{self._action}")
