"""The one table of keys: bindings, footer and help are all made of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from textual.binding import Binding, BindingType


class Scope(StrEnum):
    """Where a key works; the value is the heading in the help. Later ones are inside earlier ones.

    Every scope is part of a chain, from the innermost focused widget out, so no key may be in two.
    """

    JOBS = "Jobs panel"
    TABLE = "Tables and panels"
    DASHBOARD = "Dashboard"
    APP = "Everywhere"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing that keys do.

    Attributes:
        keys: Textual's names of the keys; the first is the one in the footer.
        action: Name of the method, without `action_`, of the scope's owner, and its arguments.
        label: One or two words for the footer.
        help: A sentence for the help.
        scope: Where it works.
        footer: Whether the footer has it.
        priority: Whether it works before the focused widget sees the key.
    """

    keys: tuple[str, ...]
    action: str
    label: str
    help: str
    scope: Scope
    footer: bool = False
    priority: bool = False

    @property
    def shown(self) -> str:
        """The keys as a person writes them: `j ↓`."""
        return " ".join(_WRITTEN.get(key, key) for key in self.keys)


_WRITTEN: Final = {
    "question_mark": "?",
    "f1": "F1",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "escape": "esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "shift+tab": "⇧tab",
}

_J, _T, _D, _A = Scope.JOBS, Scope.TABLE, Scope.DASHBOARD, Scope.APP

KEYMAP: Final = (
    Key(("s",), "start", "start", "Start the selected job, from its kept state", _J, True),
    Key(("x",), "stop", "stop", "Stop the selected job; a savepoint keeps its state", _J, True),
    Key(("S",), "start_all", "start all", "Start every job that does not run", _J, True),
    Key(("X",), "stop_all", "stop all", "Stop every job; savepoints keep their state", _J, True),
    Key(("j", "down"), "move(1)", "down", "Next row", _T),
    Key(("k", "up"), "move(-1)", "up", "Previous row", _T),
    Key(("g", "home"), "first", "top", "First row; stay on top as new rows come", _T),
    Key(("G", "end"), "last", "bottom", "Last row", _T),
    Key(("pagedown",), "page(1)", "page down", "One page down", _T),
    Key(("pageup",), "page(-1)", "page up", "One page up", _T),
    Key(("1",), "panel('jobs')", "jobs", "Go to Jobs", _D),
    Key(("2",), "panel('users')", "users", "Go to Users: the rolling feature", _D),
    Key(("3",), "panel('windows')", "windows", "Go to Windows: those that have closed", _D),
    Key(("4",), "panel('flagged')", "flagged", "Go to Flagged: transactions known as fraud", _D),
    Key(("right",), "turn(1)", "next", "Next table", _D),
    Key(("left",), "turn(-1)", "previous", "Previous table", _D),
    Key(("tab",), "app.focus_next", "next panel", "Next panel", _D),
    Key(("shift+tab",), "app.focus_previous", "previous panel", "Previous panel", _D),
    Key(("r",), "refresh_now", "refresh", "Look at the stack now; try a failed start again", _D),
    Key(("p",), "freeze", "freeze", "Freeze the tables; again to follow", _D, True),
    Key(("T",), "app.toggle_theme", "theme", "Dark or light", _A, True),
    Key(("question_mark", "f1"), "app.toggle_help", "help", "This help", _A, True),
    Key(("escape",), "app.back", "back", "Back", _A),
    Key(("q",), "app.leave", "quit", "Back; quit from the dashboard", _A, True),
    Key(("ctrl+q",), "app.quit", "quit", "Quit; press again to leave at once", _A, priority=True),
)


def bindings(scope: Scope) -> list[BindingType]:
    """What the owner of a scope puts into its `BINDINGS`."""
    return [
        Binding(
            ",".join(key.keys),
            key.action,
            key.label,
            show=key.footer,
            key_display=_WRITTEN.get(key.keys[0], key.keys[0]),
            priority=key.priority,
        )
        for key in KEYMAP
        if key.scope is scope
    ]
