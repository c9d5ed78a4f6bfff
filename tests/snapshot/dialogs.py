"""A dialog over an empty screen, with the console's styles and themes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen

from tests.idle import DEADLINE_SECONDS
from tui.app import FraudwatchApp
from tui.theme import DARK, THEMES

from .painted import strips

ResultT = TypeVar("ResultT")


class DialogApp(App[None], Generic[ResultT]):
    """Opens one dialog and stores its result.

    Args:
        dialog: The dialog to open.
        theme: Name of the theme.
    """

    CSS_PATH = [  # noqa: RUF012 - as the base class has it
        f"../../tui/{path}" for path in FraudwatchApp.CSS_PATH
    ]
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, dialog: ModalScreen[ResultT], theme: str = DARK.name) -> None:
        super().__init__()
        for known in THEMES:
            self.register_theme(known)
        self.theme = theme
        self.animation_level = "none"
        self.dialog = dialog
        self.answers: list[ResultT | None] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DARK.variables

    def on_mount(self) -> None:
        self.push_screen(self.dialog, self.answers.append)


def shown(app: App[None]) -> str:
    """The text of the screen, line by line."""
    width, _ = app.size
    return "\n".join(strip.text[:width] for strip in strips(app))


async def until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Run the application until a condition holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"still not so:\n{shown(pilot.app)}"
        await pilot.pause(0.005)
