"""Signals that end the console: the terminal is given back before it goes."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

_PATIENCE_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.1


def leave_on_signals(leave: Callable[[int], None], waiting: Callable[[], int]) -> None:
    """End in order on SIGTERM and SIGHUP.

    A terminal that was closed may take nothing more, and with it whatever wants to give it back;
    the console ends all the same. One that is slow gets the time that it needs.

    Args:
        leave: Told the exit code, in the main thread.
        waiting: How much the terminal has not taken yet; may be called in any thread.
    """

    def end(number: int, _: FrameType | None) -> None:
        code = 128 + number
        threading.Thread(target=_give_up, args=(code, waiting), daemon=True).start()
        leave(code)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def frames_waiting(driver: Any) -> int:
    """How many pieces of output a driver of Textual still has for its terminal.

    Textual does not say; where it no longer keeps them there, none is known to wait.
    """
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return queue.qsize() if queue is not None else 0


def _give_up(code: int, waiting: Callable[[], int]) -> None:
    """End the process once the terminal has taken nothing for a while."""
    left, since = waiting(), time.monotonic()
    while time.monotonic() - since < _PATIENCE_SECONDS:
        time.sleep(_LOOK_SECONDS)
        if (now := waiting()) != left:
            left, since = now, time.monotonic()
    os._exit(code)
