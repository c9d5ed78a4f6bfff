"""A base class for widgets that draw a few lines of the latest view."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widget import Widget

from tui.drawing.tones import Piece, content
from tui.session.view import View


class Lines(Widget):
    """Lines that are redrawn from every view.

    Args:
        id: The widget's id.
    """

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._view: View | None = None

    def show(self, view: View) -> None:
        self._view = view
        self.refresh()

    def lines(self, view: View, width: int) -> Sequence[Sequence[Piece]]:
        """Return the lines to draw, each at most `width` cells."""
        raise NotImplementedError

    def content(self, width: int) -> Content:
        """Return all lines as content, each at most `width` cells."""
        if self._view is None:
            return Content("")
        return Content("\n").join(content(line) for line in self.lines(self._view, width))

    def render(self) -> Content:
        return self.content(self.content_size.width)
