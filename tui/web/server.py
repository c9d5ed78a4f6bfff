"""The web server: a page, and a console process for every tab that opens it."""

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
# A console exits within a moment; one that is stuck is killed.
_END_SECONDS: Final = 5.0
_STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_log = logging.getLogger(__name__)


class ConsoleServer(Server):
    """Serves consoles to browser tabs.

    Args:
        command: Shell command of a console that uses the driver in `tui.web.driver`.
        names: Host names of the server, besides any address and `localhost`.
        most: Maximum number of consoles.
        patience: Seconds that a console has to exit.
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
        """Serve until SIGINT, SIGTERM or SIGHUP, then end all consoles.

        Args:
            listener: A bound socket, which the server takes over.
        """
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, stop.set)
        runner = await self.start(listener)
        try:
            await stop.wait()
        finally:
            # From now on, the same signal ends the process at once.
            for number in _STOP_SIGNALS:
                loop.remove_signal_handler(number)
            await runner.cleanup()

    async def start(self, listener: socket.socket) -> web.AppRunner:
        """Serve until the returned runner is cleaned up, which ends all consoles.

        Args:
            listener: A bound socket, which the server takes over.
        """
        runner = web.AppRunner(await self._make_app(), shutdown_timeout=2 * self._patience)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        return runner

    async def on_startup(self, app: web.Application) -> None:
        """Print nothing; the command reports the address."""

    async def on_shutdown(self, app: web.Application) -> None:
        """Close the tabs, which ends their consoles."""
        self._ending = True
        await asyncio.gather(*(tab.close() for tab in set(self._tabs)))

    async def handle_index(self, request: web.Request) -> web.StreamResponse:
        """Return the page, or refuse when all consoles are in use."""
        self._require_room()
        return await super().handle_index(request)

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one tab until it is closed."""
        self._require_room()
        self._consoles += 1
        try:
            return await super().handle_websocket(request)
        finally:
            self._consoles -= 1

    def _require_room(self) -> None:
        if self._consoles >= self._most:
            raise web.HTTPServiceUnavailable(
                text=f"The maximum number of consoles is open ({self._consoles}). "
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
    """Return the shell command of a tab's console.

    Args:
        options: The console's options.
        log: The file for its standard error.
    """
    # -P: nothing is imported from the working directory, which is the folder of exports.
    console = (sys.executable, "-P", "-m", "tui", *options)
    return f"exec env TEXTUAL_DRIVER={DRIVER} {shlex.join(console)} 2>>{shlex.quote(str(log))}"


async def _end(console: AppService, patience: float) -> None:
    """End a console whose tab is gone, and wait for it."""
    process = console._process
    if process is None:
        return
    ending = asyncio.create_task(_ask_to_end(console, process))
    try:
        # Not a timeout that cancels, since the library's task swallows the cancellation.
        await asyncio.wait({ending}, timeout=patience)
    finally:
        if process.returncode is None:
            _log.warning("console %d does not exit; killing it", process.pid)
            with suppress(ProcessLookupError):
                process.kill()
    await ending


async def _ask_to_end(console: AppService, process: Process) -> None:
    with suppress(OSError):
        # Raises the tab's earlier error, which may be why it is gone.
        await console.stop()
    # Otherwise it would be asked to stop, and raise, once more.
    console._task = None
    # A console that is still drawing can only exit when its output is read.
    await process.communicate()
