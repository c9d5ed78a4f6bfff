"""Signals that end the console: the terminal is given back before it goes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Final

_PATIENCE_SECONDS: Final = 3.0


def leave_on_signals(leave: Callable[[int], None]) -> None:
    """End in order on SIGTERM and SIGHUP.

    A terminal that was closed may take nothing more, and with it whatever wants to give it back;
    the console ends all the same.

    Args:
        leave: Told the exit code, in the main thread.
    """

    def end(number: int, _: FrameType | None) -> None:
        code = 128 + number
        deadline = threading.Timer(_PATIENCE_SECONDS, os._exit, args=(code,))
        deadline.daemon = True
        deadline.start()
        leave(code)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
