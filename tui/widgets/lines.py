"""A base class for widgets that draw a few lines of the newest view."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import var
from textual.widget import Widget

from tui.drawing.tones import Piece, content
from tui.session.view import View


class Lines(Widget):
    """Lines that are redrawn from every view; the screen binds its own to `view`."""

    view: var[View | None] = var(None, init=False, always_update=True)

    def watch_view(self) -> None:
        self.refresh()

    def lines(self, view: View, width: int) -> Sequence[Sequence[Piece]]:
        """Return the lines to draw, each at most `width` cells."""
        raise NotImplementedError

    def content(self, width: int) -> Content:
        """Return all lines as content, each at most `width` cells."""
        if self.view is None:
            return Content("")
        return Content("\n").join(content(line) for line in self.lines(self.view, width))

    def render(self) -> Content:
        return self.content(self.content_size.width)
