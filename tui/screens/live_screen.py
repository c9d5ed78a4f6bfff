"""The base class of screens that show the session: they draw each new view."""

from __future__ import annotations

from textual.reactive import var
from textual.screen import Screen

from tui.session.view import View


class LiveScreen(Screen[None]):
    """A screen that draws every new view.

    The application binds its newest view to `view`, and the screen's widgets bind to that.
    """

    view: var[View] = var(View, init=False, always_update=True)

    def draw(self, view: View) -> None:
        """Draw what does not follow from a binding."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw the same view again, after something of the screen itself has changed."""
        if self.is_attached and not self._covered:
            self.draw(self.view)

    def on_mount(self) -> None:
        self.draw(self.view)

    def on_screen_resume(self) -> None:
        """Draw at once, since a covered screen is not drawn."""
        self.redraw()

    def watch_view(self) -> None:
        if self.is_mounted:
            self.redraw()

    @property
    def _covered(self) -> bool:
        """Whether a full screen, rather than a dialog, covers this one."""
        stack = self.app.screen_stack
        above = stack[stack.index(self) + 1 :] if self in stack else ()
        return not all(screen.is_modal for screen in above)
