"""A key and what it does, in a dialog: the mouse may press it, the keyboard uses the key."""

from __future__ import annotations

from textual.widgets import Static

from tui import text
from tui.tones import Piece, Tone, content


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
        super().__init__(content([Piece(key, tone), Piece(f" {text.clean(label)}")]), id=id)
        self._action = action

    async def on_click(self) -> None:
        """Do what the key does."""
        await self.run_action(f"screen.{self._action}")
