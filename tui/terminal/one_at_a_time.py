"""Keys one at a time: each is seen by whatever the one before it has led to."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

# So often in a row nothing may have moved until a key counts as done: what it leads to may be a
# message that leads to another one.
_STILL_ROUNDS: Final = 4
_MOST_ROUNDS: Final = 24
# For a widget that goes while it is asked, and never answers.
_ANSWER_SECONDS: Final = 1.0

Typed = events.Key | events.Paste


class OneAtATime:
    """Holds typed input back until what was typed before it has had its effect.

    Textual gives every key that has arrived to the widget that has the focus at that moment. When
    several arrive in one go, as over a slow connection, from a paste or a macro, the text behind
    the key that opens a line to type into would be taken as commands.

    Args:
        app: Whose keys they are.
    """

    def __init__(self, app: App[str]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._released: Typed | None = None
        self._following: asyncio.Task[None] | None = None

    def must_wait(self, typed: Typed) -> bool:
        """Whether input has to wait; it is posted to the app again when its turn has come."""
        if typed is self._released:
            self._released = None
            return False
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow())
            return False
        self._waiting.append(typed)
        return True

    def forget(self) -> None:
        self._waiting.clear()

    async def _follow(self) -> None:
        await self._settled()
        while self._waiting:
            self._released = self._waiting.popleft()
            self._app.post_message(self._released)
            await self._settled()

    async def _settled(self) -> None:
        """Wait until screen and focus stay where they are."""
        still = 0
        for _ in range(_MOST_ROUNDS):
            before = self._chain()
            for pump in before:
                await _has_done_its_work(pump)
            still = still + 1 if before == self._chain() else 0
            if still == _STILL_ROUNDS:
                return

    def _chain(self) -> list[MessagePump]:
        """From what has the focus out to the app: the way that keys and messages take."""
        if not self._app.screen_stack:
            return [self._app]
        inmost = self._app.focused or self._app.screen
        chain = [node for node in inmost.ancestors_with_self if node is not self._app]
        return [*chain, self._app]


async def _has_done_its_work(pump: MessagePump) -> None:
    reached = asyncio.Event()
    if pump.call_later(reached.set):
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                await reached.wait()
        except TimeoutError:
            return
