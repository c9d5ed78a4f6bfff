"""The console's end of a browser tab."""

from __future__ import annotations

import os
import signal
from typing import Final

from textual.drivers.web_driver import WebDriver

DRIVER: Final = "tui.web.driver:TabDriver"
"""As Textual's variable `TEXTUAL_DRIVER` names it."""


class TabDriver(WebDriver):
    """Draws into a tab, and ends the console when nobody is left to draw for.

    Textual's own driver stops to listen when its input ends, and the console would live on for
    ever after a server that was killed.
    """

    def run_input_thread(self) -> None:
        """Read keys until the console or the server ends."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            # What the closing of its terminal is to a console.
            os.kill(os.getpid(), signal.SIGHUP)
