"""Waits until an application has done all its work, however fast the machine is.

Textual's Pilot takes an application for idle when its process has used little CPU for 20 ms. On a
slow machine that is too early, and beside busy threads it never happens: every key then costs a
second. Here idle means that no callback is ready on the event loop and nothing is to be drawn.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from textual._context import active_app
from textual.app import ScreenStackError
from textual.screen import Screen

DEADLINE_SECONDS = 120.0
"""For every condition that a test waits for; reached only by what would never come true."""

# A callback that was ready may have made I/O ready, or a timer due.
_QUIET_TURNS = 2
# What lasts for more turns of the event loop, or more frames, was started by the console's own
# timers: on a slow enough machine, one of them is always due.
_MOST_TURNS = 200
_MOST_FRAMES = 10


async def until_idle(_min_sleep: float = 0, _max_sleep: float = 0) -> None:
    """Wait until an application has no work left now; timers that are not due do not count.

    Replaces `textual._wait.wait_for_idle`, with its parameters.
    """
    for _ in range(_MOST_FRAMES):
        await _until_nothing_is_ready()
        due = [screen for screen in _screens() if screen._update_timer._active.is_set()]
        if not due:
            return
        for screen in due:
            screen._on_timer_update()


def eventually(condition: Callable[[], object]) -> None:
    """Wait for a condition that another thread makes true."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "still not so"
        time.sleep(0.002)


async def _until_nothing_is_ready() -> None:
    ready: Any = asyncio.get_running_loop()._ready  # type: ignore[attr-defined]  # of no public name
    quiet = 0
    for _ in range(_MOST_TURNS):
        await asyncio.sleep(0)
        quiet = 0 if ready else quiet + 1
        if quiet == _QUIET_TURNS:
            return


def _screens() -> list[Screen[Any]]:
    """The screens that are drawn."""
    try:
        app = active_app.get()
        return [screen for screen in app.screen_stack if screen.is_current and screen.is_running]
    except (LookupError, ScreenStackError):
        return []
