"""A tab's process ends, whatever happens to the tab."""

from __future__ import annotations

import asyncio
import shlex
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self

import psutil
import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSServerHandshakeError

from tests.idle import DEADLINE_SECONDS
from tests.running import with_command
from tui.web.server import ConsoleServer

PATIENCE = 1.0
READY = "import os, sys, threading, time; os.write(1, b'__GANGLION__\\n'); "
PACKET = "os.write(1, b'D' + (5000).to_bytes(4, 'big') + b'x' * 5000)"
# A normal console, and two that misbehave.
GOOD = READY + PACKET + "; sys.stdin.buffer.read(1); time.sleep(0.1)"
STUCK = READY + PACKET + "; time.sleep(600)"
# One thread draws without end, another one exits, but only while the output is read.
FLOOD = READY + (
    "done = []; threading.Thread("
    "target=lambda: [done.append(1) for _ in iter(lambda: b'quit' in os.read(0, 99), True)]"
    " or done.append(2), daemon=True).start()\n"
    f"while 2 not in done: {PACKET}"
)


class Serving:
    """A running server whose consoles are a script.

    Attributes:
        page: The page's address.
        address: The socket's address.
    """

    def __init__(self, script: str, most: int = 2) -> None:
        command = shlex.join([sys.executable, "-c", script])
        self._server = ConsoleServer(f"exec {command}", most=most, patience=PATIENCE)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.page = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self.address = f"{self.page}ws"

    async def __aenter__(self) -> Self:
        self._runner = await self._server.start(self._listener)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._runner.cleanup()


@asynccontextmanager
async def tab(server: Serving) -> AsyncIterator[ClientWebSocketResponse]:
    async with ClientSession() as client:
        opened = await client.ws_connect(server.address)
        await opened.receive(DEADLINE_SECONDS)
        yield opened


def consoles() -> list[psutil.Process]:
    return with_command(psutil.Process().children(), "GANGLION")


async def wait_until(condition: Callable[[], object], patience: float) -> None:
    async with asyncio.timeout(patience):
        while not condition():
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("script", [GOOD, STUCK, FLOOD], ids=["good", "stuck", "flood"])
async def test_a_console_ends_with_its_tab(script: str) -> None:
    async with Serving(script) as server:
        async with tab(server) as opened:
            assert len(consoles()) == 1
            await opened.close()
        await wait_until(lambda: not consoles(), DEADLINE_SECONDS)


@pytest.mark.parametrize("script", [GOOD, STUCK, FLOOD], ids=["good", "stuck", "flood"])
async def test_a_console_ends_when_its_connection_is_cut(script: str) -> None:
    async with Serving(script) as server, tab(server) as opened:
        assert len(consoles()) == 1
        opened.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await wait_until(lambda: not consoles(), DEADLINE_SECONDS)


@pytest.mark.parametrize("script", [GOOD, STUCK, FLOOD], ids=["good", "stuck", "flood"])
async def test_no_console_outlives_the_server(script: str) -> None:
    async with Serving(script) as server, tab(server) as one, tab(server) as other:
        assert len(consoles()) == 2
        reading = [asyncio.create_task(_read(opened)) for opened in (one, other)]
        await server.close()
        assert not consoles()
        await asyncio.gather(*reading)


async def _read(opened: ClientWebSocketResponse) -> None:
    async for _ in opened:
        pass


async def test_no_more_consoles_than_are_allowed() -> None:
    async with Serving(GOOD, most=1) as server, ClientSession() as client:
        async with tab(server) as opened:
            async with client.get(server.page) as page:
                assert page.status == 503
                assert "consoles is open (1)" in await page.text()
            with pytest.raises(WSServerHandshakeError) as refused:
                await client.ws_connect(server.address)
            assert refused.value.status == 503
            assert len(consoles()) == 1
            await opened.close()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while (await client.get(server.page)).status != 200:
                await asyncio.sleep(0.02)
        async with tab(server):
            assert len(consoles()) == 1
