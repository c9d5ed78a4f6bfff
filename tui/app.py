"""The console's application: theme, first screen, quitting. Imports nothing slow."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from textual.app import App

from .backend import Backend
from .keymap import Scope, bindings
from .screens.closing import ClosingScreen
from .screens.dashboard import Dashboard
from .screens.help import HelpScreen
from .session import Session
from .source import Source
from .theme import DARK, THEMES, default_theme, next_theme, title
from .view import Phase

_CLOSED_CHECK_SECONDS: Final = 0.05
# Most stacks let go faster than this; a box that flashes up would only irritate.
_PATIENCE_SECONDS: Final = 0.3
_THEME_SECONDS: Final = 2.0


class FraudwatchApp(App[None]):
    """The console.

    Args:
        profile: Name of the stack.
        connect: Makes the backend; called in a thread after the first paint.
        open_source: Connects to Kafka at an address; called in a thread.
        clock: Seconds since the epoch.
    """

    TITLE = "fraudwatch"
    CSS_PATH: ClassVar[list[str]] = [  # type: ignore[assignment]
        "styles/app.tcss",
        "styles/dashboard.tcss",
        "styles/dialogs.tcss",
    ]
    BINDINGS = bindings(Scope.APP)
    ENABLE_COMMAND_PALETTE = False

    def __init__(
        self,
        profile: str,
        connect: Callable[[], Backend],
        open_source: Callable[[str], Source],
        clock: Callable[[], float],
    ) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = default_theme(no_color=self.no_color).name
        self.session = Session(profile, connect, open_source, clock)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The styles are parsed before our theme is set."""
        return DARK.variables

    def on_mount(self) -> None:
        """Paint, then begin with what takes time."""
        self.push_screen(Dashboard(self.session))
        self.call_after_refresh(self.session.bring_up)

    def action_next_theme(self) -> None:
        """Go to the next theme, and say which it is."""
        theme = next_theme(self.theme)
        self.theme = theme.name
        self.clear_notifications()
        self.notify(f"Theme: {title(theme)}", timeout=_THEME_SECONDS)

    def action_toggle_help(self) -> None:
        """Show the help, or put it away."""
        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        elif not isinstance(self.screen, ClosingScreen):
            self.push_screen(HelpScreen())

    def on_unmount(self) -> None:
        """However the console ends, its threads do, too."""
        self.session.close()

    async def action_back(self) -> None:
        """Leave a screen; on the dashboard, undo what narrows the view."""
        if isinstance(self.screen, Dashboard):
            self.screen.back()
        elif not isinstance(self.screen, ClosingScreen):
            self.pop_screen()

    async def action_leave(self) -> None:
        """Leave a dialog, or quit from the dashboard."""
        if isinstance(self.screen, Dashboard):
            await self.action_quit()
        else:
            await self.action_back()

    async def action_quit(self) -> None:
        """Let go of the stack and end; the second time, end without waiting."""
        if self.session.view().phase in (Phase.CLOSING, Phase.CLOSED):
            self.exit()
            return
        self.session.close()
        self.set_interval(_CLOSED_CHECK_SECONDS, self._exit_when_closed)
        self.set_timer(_PATIENCE_SECONDS, lambda: self.push_screen(ClosingScreen(self.session)))

    def _exit_when_closed(self) -> None:
        if self.session.view().phase is Phase.CLOSED:
            self.exit()
