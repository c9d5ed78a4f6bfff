"""The web server: a page, and for every tab that opens it a console of its own."""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from aiohttp import web
from textual_serve.app_service import AppService
from textual_serve.server import Server

from .driver import DRIVER
from .guard import guard, hardening

_PAGE: Final = Path(__file__).parent / "page"
_TITLE: Final = "fraudwatch"
_MOST: Final = 16
# A console ends within a moment; one that is stuck is killed.
_END_SECONDS: Final = 5.0
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = logging.getLogger(__name__)


class ConsoleServer(Server):
    """Serves consoles until it is told to stop.

    Args:
        command: Starts a console that draws through the driver of `tui.web.driver`.
        names: By which the server may be called, besides any address and `localhost`.
        most: How many consoles there may be at the same time.
        patience: Seconds that a console has to end.
    """

    def __init__(
        self,
        command: str,
        names: Iterable[str] = (),
        *,
        most: int = _MOST,
        patience: float = _END_SECONDS,
    ) -> None:
        super().__init__(command, title=_TITLE, templates_path=str(_PAGE))
        self._names = frozenset(name.lower() for name in names)
        self._patience = patience
        self._most = most
        self._consoles = 0
        self._tabs: set[web.WebSocketResponse] = set()
        self._ending = False

    async def run(self, listener: socket.socket) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP; no console is left then.

        Args:
            listener: Bound; belongs to the server from now on.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
        runner = await self.start(listener)
        try:
            await stop.wait()
        finally:
            # From now on the same signal ends us at once.
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)
            await runner.cleanup()

    async def start(self, listener: socket.socket) -> web.AppRunner:
        """Serve until the runner that this returns is cleaned up; no console is left then.

        Args:
            listener: Bound; belongs to the server from now on.
        """
        runner = web.AppRunner(await self._make_app(), shutdown_timeout=2 * self._patience)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return runner

    async def on_startup(self, app: web.Application) -> None:
        """Whoever runs the server says where it is."""

    async def on_shutdown(self, app: web.Application) -> None:
        """Close the tabs, which ends their consoles."""
        self._ending = True
        await asyncio.gather(*(tab.close() for tab in set(self._tabs)))

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """The page, while there may be another console."""
        self._require_room()
        return await super().handle_index(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """A tab, from its beginning to its end."""
        self._require_room()
        self._consoles += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._consoles -= 1

    def _require_room(self) -> None:
        if self._consoles >= self._most:
            raise web.HTTPServiceUnavailable(
                text=f"As many consoles as are allowed are open ({self._consoles}). "
                "Close a tab and reload this page, or allow more with `fraudwatch serve --tabs`.\n"
            )

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(guard(self._names))
        app.on_response_prepare.append(hardening(self._names))
        app.router.add_static("/page", _PAGE, name="page")
        return app

    async def _process_messages(
        self, websocket: web.WebSocketResponse, app_service: AppService
    ) -> None:
        self._tabs.add(websocket)
        try:
            if self._ending:
                await websocket.close()
            await super()._process_messages(websocket, app_service)
        finally:
            self._tabs.discard(websocket)
            await _end(app_service, self._patience)


def console_command(options: Sequence[str], log: Path) -> str:
    """The shell command of a tab's console.

    Args:
        options: Of the console.
        log: Where its standard error goes.
    """
    # -P: the working directory, where exports go, is no place to import from.
    console = (sys.executable, "-P", "-m", "tui", *options)
    return f"exec env TEXTUAL_DRIVER={DRIVER} {shlex.join(console)} 2>>{shlex.quote(str(log))}"


async def _end(console: AppService, patience: float) -> None:
    """End a console whose tab is gone, and wait for it."""
    process = console._process
    if process is None:
        return
    ending = asyncio.create_task(_ask_to_end(console, process))
    try:
        # No timeout that cancels: the library's task swallows that, and goes on.
        await asyncio.wait({ending}, timeout=patience)
    finally:
        if process.returncode is None:
            _log.warning("console %d does not end; it is killed", process.pid)
            with suppress(ProcessLookupError):
                process.kill()
    await ending


async def _ask_to_end(console: AppService, process: Process) -> None:
    with suppress(OSError):
        # Raises what went wrong with the tab before, which may be why it is gone.
        await console.stop()
    # Or else it is asked to stop, and raises, once more.
    console._task = None
    # A console that is still drawing ends when somebody takes what it draws.
    await process.communicate()
