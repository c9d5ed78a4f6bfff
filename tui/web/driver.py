"""The Textual driver of a console in a browser tab."""

from __future__ import annotations

import os
import signal
from typing import Final

from textual.drivers.web_driver import WebDriver

DRIVER: Final = "tui.web.driver:TabDriver"
"""The value for Textual's variable `TEXTUAL_DRIVER`."""


class TabDriver(WebDriver):
    """Draws into a tab, and exits the console when its input is closed.

    Textual's own driver only stops reading at the end of its input, so the console would survive
    a server that was killed.
    """

    def run_input_thread(self) -> None:
        """Read keys until the console or the server ends."""
        super().run_input_thread()
        if not self.exit_event.is_set():
            # The signal that a console gets when its terminal is closed.
            os.kill(os.getpid(), signal.SIGHUP)
