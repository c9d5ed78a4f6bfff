"""Handles signals that end the console, so that the terminal is restored first."""

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
    """Exit cleanly on SIGTERM and SIGHUP.

    A terminal that was closed may accept no more output, which would block restoring it; the
    process exits all the same. A slow terminal gets the time it needs.

    Args:
        leave: Called with the exit code, in the main thread.
        waiting: Returns the amount of pending output; called in any thread.
    """

    def end(number: int, _: FrameType | None) -> None:
        code = 128 + number
        threading.Thread(target=_give_up, args=(code, waiting), daemon=True).start()
        leave(code)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)


def frames_waiting(driver: Any) -> int:
    """Return how many pieces of output a Textual driver has not written yet.

    There is no public API for this; if a later version stores them elsewhere, this returns 0.
    """
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return queue.qsize() if queue is not None else 0


def _give_up(code: int, waiting: Callable[[], int]) -> None:
    """Exit the process once the terminal has accepted no output for a while."""
    left, since = waiting(), time.monotonic()
    while time.monotonic() - since < _PATIENCE_SECONDS:
        time.sleep(_LOOK_SECONDS)
        if (now := waiting()) != left:
            left, since = now, time.monotonic()
    os._exit(code)
