"""Processes keys one at a time, each after the effects of the one before."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

# A key counts as done after this many rounds without a change of the focus, since its effect may
# be a message that leads to another one.
_STILL_ROUNDS: Final = 4
_MOST_ROUNDS: Final = 24
# A timeout, for a widget that is removed before it can answer.
_ANSWER_SECONDS: Final = 1.0

Typed = events.Key | events.Paste


class OneAtATime:
    """Holds back input until earlier input has had its effect.

    Textual sends every key to the widget that has the focus when the key arrives. When several keys
    arrive at once, as over a slow connection, from a paste or a macro, the text typed after the key
    that opens an input would be taken as commands.

    Args:
        app: The application that receives the keys.
    """

    def __init__(self, app: App[str]) -> None:
        self._app = app
        self._waiting: deque[Typed] = deque()
        self._released: Typed | None = None
        self._following: asyncio.Task[None] | None = None

    def must_wait(self, typed: Typed) -> bool:
        """Whether input has to wait; if so, it is posted to the app again later."""
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
        """Wait until neither the screen nor the focus changes any more."""
        still = 0
        for _ in range(_MOST_ROUNDS):
            before = self._chain()
            for pump in before:
                await _has_done_its_work(pump)
            still = still + 1 if before == self._chain() else 0
            if still == _STILL_ROUNDS:
                return

    def _chain(self) -> list[MessagePump]:
        """Return the path of keys and messages, from the focused widget out to the app."""
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
