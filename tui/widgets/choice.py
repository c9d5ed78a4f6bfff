"""A key and what it does, in a dialog: the mouse may press it, the keyboard uses the key."""

from __future__ import annotations

from textual.widgets import Static

from tui.drawing import text
from tui.drawing.tones import Piece, Tone, content


class Choice(Static, can_focus=False):
    """Looks like the key it stands for; a click runs the same action.

    It takes no focus, so that no stray enter or space can press it.

    Args:
        key: The key as a person writes it.
        label: What it does.
        action: The screen's action, as in the keymap.
        tone: Of the key.
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
        """Show it as one of several of which one is chosen."""
        dot = Piece("● ", Tone.ACCENT) if chosen else Piece("○ ", Tone.QUIET)
        self.update(content([dot, *self._pieces]))

    async def on_click(self) -> None:
        await self.run_action(f"screen.{self._action}")
