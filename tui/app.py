"""The application: themes, screens, notifications, quitting. Imports nothing slow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on, work
from textual.filter import LineFilter
from textual.notifications import Notify, SeverityLevel
from textual.widgets import Input

from pipeline.errors import PipelineError

from .drawing import text
from .keymap import KEYMAP, Scope, bindings
from .messages import OpenOwnUser, OpenTopic, OpenUser
from .navigation import Navigation
from .screens.closing import ClosingScreen
from .screens.dashboard.dashboard import Dashboard
from .screens.help import HelpScreen
from .session.environment import Environment
from .session.view import Phase
from .terminal.one_at_a_time import OneAtATime
from .theme import DARK, THEMES, default_theme, next_theme, title
from .widgets.toasts import Toast

if TYPE_CHECKING:
    from rich.console import RenderableType

# Ages and the progress of a start change with time alone; whatever else changes is drawn then, too.
_TICK_SECONDS: Final = 0.25
_CLOSED_CHECK_SECONDS: Final = 0.05
_OPENING_SECONDS: Final = 0.02
# Most stacks close faster than this; a dialog that flashes up would only irritate.
_PATIENCE_SECONDS: Final = 0.3
_THEME_SECONDS: Final = 2.0
_TOASTS_CHECK_SECONDS: Final = 0.25
_LOOK_UP_SECONDS: Final = 10.0
_HINT_SECONDS: Final = 3.0


class FraudwatchApp(Navigation):
    """The console; returns the name of the profile to switch to, if any.

    Args:
        environment: The stack, its streams and the console's options.
    """

    TITLE = "fraudwatch"
    CSS_PATH: ClassVar[list[str]] = [  # type: ignore[assignment]  # the base class takes more
        "styles/app.tcss",
        "screens/dashboard/dashboard.tcss",
        "styles/dialogs.tcss",
        "styles/plots.tcss",
    ]
    BINDINGS = bindings(Scope.APP)
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._toasts: list[Toast] = []
        self.read_only = environment.read_only
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self._first_theme()
        self._typed = OneAtATime(self)
        if environment.plain_drawing:
            # Imported only when needed, to keep the first paint fast.
            from .terminal.plain_drawing import PlainDrawing

            self._drawing: list[LineFilter] = [PlainDrawing()]
        else:
            self._drawing = []
        self._hinted_at = 0.0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Return defaults for the variables in styles, which are parsed before a theme is set."""
        return DARK.variables

    def get_default_screen(self) -> Dashboard:
        """Return the dashboard; pushed over another screen, it would be painted later."""
        return self.bound(Dashboard(self.session, self.preferences))

    def on_mount(self) -> None:
        """Paint first, then start whatever takes time."""
        self._toasts_check = self.set_interval(
            _TOASTS_CHECK_SECONDS, self.remove_old_toasts, pause=True
        )
        self.set_interval(_TICK_SECONDS, self.tick)
        self.call_after_refresh(self.session.bring_up)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """Show a toast for `timeout` seconds of the console's clock; safe in any thread."""
        clock = self._environment.clock
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        toast = Toast(message, title, severity, seconds, markup, raised_at=clock(), clock=clock)
        self.post_message(Notify(toast))

    def copy_to_clipboard(self, text: str) -> None:
        """Copy a text through the terminal; what no encoding has becomes a question mark."""
        super().copy_to_clipboard(text.encode(errors="replace").decode())

    @on(Notify)
    def _watch_toast(self, message: Notify) -> None:
        if isinstance(message.notification, Toast):
            self._toasts.append(message.notification)
            self._toasts_check.resume()

    def remove_old_toasts(self) -> None:
        """Remove expired toasts, and pause the check when none are left."""
        old = [toast for toast in self._toasts if toast.has_expired]
        self._toasts = [toast for toast in self._toasts if not toast.has_expired]
        for toast in old:
            self._unnotify(toast)
        if not self._toasts:
            self._toasts_check.pause()

    @on(events.DescendantFocus)
    def _hold_cursor(self, event: events.DescendantFocus) -> None:
        """Stop the cursor of an input from blinking where animations are off."""
        if isinstance(event.widget, Input):
            event.widget.cursor_blink = self.animation_level != "none"

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's line filters, then plain drawing if it is on."""
        return [*super().get_line_filters(), *self._drawing]

    async def on_event(self, event: events.Event) -> None:
        """Process keys one at a time, in the order in which they were typed."""
        typed = event if isinstance(event, events.Key | events.Paste) else None
        if typed is None or typed.is_forwarded or not self._typed.must_wait(typed):
            await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """Notify that a key is not bound here, and drop input that was typed right behind it."""
        bound = self.screen.active_bindings.get(event.key)
        if bound is None or not bound.enabled:
            self._typed.forget()
            self._say_that_it_does_nothing(event)

    def action_next_theme(self) -> None:
        """Switch to the next theme and show its name."""
        theme = next_theme(self.theme)
        self.theme = theme.name
        self.preferences.change(theme=theme.name)
        self.clear_notifications()
        self.notify(f"Theme: {title(theme)}", timeout=_THEME_SECONDS)

    def action_palette(self) -> None:
        """Open the palette, except over itself and while closing."""
        # Imported late, to keep the first paint fast.
        from .screens.palette import Jumps, Palette

        if isinstance(self.screen, Palette | ClosingScreen):
            return
        reads_transactions = self.view.data.reads_transactions
        jumps = Jumps(
            users=self._users_like if reads_transactions else None,
            own_users=self._own_users_like,
            open_own_user=lambda topic, user: self.post_message(OpenOwnUser(topic, user)),
            topics=lambda: [topic.name for topic in self._tails().topics()],
            open_user=lambda user: self.post_message(OpenUser(user)),
            open_topic=lambda topic: self.post_message(OpenTopic(topic)),
            profiles=self._other_profiles,
            open_profile=self._switch,
        )
        self.push_screen(Palette(jumps, read_only=self.read_only))

    def action_picture(self) -> None:
        """Save an SVG of the screen to the folder of exports."""
        svg = self.export_screenshot(title=self.TITLE)
        self._save_picture(svg, datetime.fromtimestamp(self._environment.clock()))

    @work(thread=True)
    def _save_picture(self, svg: str, at: datetime) -> None:
        from .terminal.picture import save_picture

        try:
            path = save_picture(svg, self._environment.folder, at)
        except (PipelineError, OSError) as error:
            self.notify(text.clean(error), severity="error", markup=False)
        else:
            self.notify(text.clean(f"Picture: {path}"), markup=False)

    def action_toggle_help(self) -> None:
        if isinstance(self.screen, HelpScreen):
            self.pop_screen()
        elif not isinstance(self.screen, ClosingScreen):
            self.push_screen(HelpScreen(read_only=self.read_only))

    def on_unmount(self) -> None:
        """Stop the session's threads, however the console ends."""
        self.session.close()
        self.preferences.close()

    async def action_back(self) -> None:
        """Close a screen; on the dashboard, undo what narrows the view."""
        if isinstance(self.screen, Dashboard):
            self.screen.back()
        elif not isinstance(self.screen, ClosingScreen):
            self.pop_screen()

    async def action_leave(self) -> None:
        """Close a screen, or quit from the dashboard."""
        if isinstance(self.screen, Dashboard):
            await self.action_quit()
        else:
            await self.action_back()

    async def action_quit(self) -> None:
        """Close the stack and exit; the second time, exit without waiting."""
        if self.session.view().leaving:
            self.exit()
        else:
            self._close()

    def exit(
        self,
        result: str | None = None,
        return_code: int = 0,
        message: RenderableType | None = None,
    ) -> None:
        """Exit, but let a screen open that is about to.

        Once an exit has begun, Textual mounts no widgets, and the screen would miss its own.
        """
        if all(screen.is_mounted for screen in self.screen_stack):
            super().exit(result, return_code, message)
        else:
            self.set_timer(_OPENING_SECONDS, lambda: self.exit(result, return_code, message))

    def _say_that_it_does_nothing(self, event: events.Key) -> None:
        now = self._environment.clock()
        if 0 <= now - self._hinted_at < _HINT_SECONDS:
            return
        self._hinted_at = now
        key = event.character if event.is_printable else event.key
        refused = self.read_only and any(event.key in each.keys for each in KEYMAP if each.changes)
        why = "this console is read-only" if refused else "`?` shows the keys"
        hint = text.clean(f"`{key}` does nothing here; {why}.")
        self.notify(hint, markup=False)

    def _close(self, successor: str | None = None) -> None:
        def exit_when_closed() -> None:
            view = self.session.view()
            if view.phase is Phase.CLOSED:
                self.exit(successor)
            elif view.now - view.since >= _PATIENCE_SECONDS and not self._closing_is_shown:
                self.push_screen(self.bound(ClosingScreen()))

        self.session.close()
        self.set_interval(_CLOSED_CHECK_SECONDS, exit_when_closed)

    @property
    def _closing_is_shown(self) -> bool:
        return any(isinstance(screen, ClosingScreen) for screen in self.screen_stack)

    def _other_profiles(self) -> list[str]:
        if self.is_web:
            # In a browser tab, the server keeps the stack running.
            return []
        names = self._environment.profiles.names()
        return [name for name in names if name != self._environment.profile]

    @work(thread=True)
    def _switch(self, profile: str) -> None:
        """Switch to the console of another profile, if its settings are valid."""
        try:
            self._environment.profiles.check(profile)
        except PipelineError as error:
            self.notify(text.clean(error), severity="error", markup=False)
        else:
            self.call_from_thread(self._give_way, profile)

    def _give_way(self, profile: str) -> None:
        if not self.session.view().leaving:
            self._close(profile)

    def _users_like(self, typed: str, most: int) -> list[int]:
        from .panels.users.users_state import containing

        found = self.session.look_up(lambda store: containing(store, typed, most))
        return found.result(_LOOK_UP_SECONDS)

    def _own_users_like(self, typed: str, most: int) -> list[tuple[str, str]]:
        from .panels.users.latest_rows_state import own_users

        found = self.session.look_up(lambda store: own_users(store, typed, most))
        return found.result(_LOOK_UP_SECONDS)

    def _first_theme(self) -> str:
        """Return the remembered theme if it exists, else the default one (honours NO_COLOR)."""
        remembered = self.preferences.load().theme
        if not self.no_color and remembered in self.available_themes:
            return remembered
        return default_theme(no_color=self.no_color).name
