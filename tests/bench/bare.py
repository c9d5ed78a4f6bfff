"""A minimal Textual application, the baseline of the console's first paint."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static

SHOWN = "a bare application"


class Bare(App[None]):
    """One line of text."""

    def compose(self) -> ComposeResult:
        yield Static(SHOWN)


if __name__ == "__main__":
    Bare().run()
