"""Loopback ports: the preferred one if it is free, otherwise another one."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Final

import ephemeral_port_reserve
import psutil

LOOPBACK: Final = "127.0.0.1"


def free_port(preferred: int = 0) -> int:
    """Return a free port: `preferred` if possible; 0 means any.

    For a minute, the system gives it to nobody who asks for any port, such as a client that
    connects, so that it is still free when the process that is to listen on it has started.
    """
    port: int = ephemeral_port_reserve.reserve(LOOPBACK, preferred)
    return port


def listening(port: int) -> bool:
    """Whether any process accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def ports_of(pid: int) -> frozenset[int]:
    """Return the TCP ports that a process listens on; none if it has ended."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return frozenset()
    return frozenset(c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN)


class PortGuard:
    """Keeps a port from other programs while the process that listens there does not run.

    Who connects meanwhile is disconnected, as by a process that has ended.
    """

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None

    @property
    def holds(self) -> bool:
        """Whether it keeps a port."""
        return self._server is not None

    async def hold(self, port: int) -> bool:
        """Keep a loopback port until `release`; return False if a process listens there."""
        self.release()
        with contextlib.suppress(OSError):
            self._server = await asyncio.start_server(_disconnect, LOOPBACK, port)
        return self.holds

    def release(self) -> None:
        """Leave the port to the process that is about to listen there."""
        if self._server is not None:
            self._server.close()
        self._server = None


async def _disconnect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
