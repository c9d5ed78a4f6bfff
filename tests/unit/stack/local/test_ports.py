"""Ports for processes that start later."""

from __future__ import annotations

import asyncio
import socket

import pytest

from pipeline.stack.local.ports import LOOPBACK, PortGuard, free_port, listening


def test_the_preferred_port_unless_it_is_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        assert free_port(port) != port
    assert free_port(port) == port


def test_a_port_is_kept_for_the_process_that_asks_for_it() -> None:
    ports = [free_port() for _ in range(500)]
    assert len(set(ports)) == len(ports)
    port = ports[0]
    assert not listening(port)
    with socket.socket() as other, pytest.raises(OSError, match="Address already in use"):
        other.bind((LOOPBACK, port))
    # As Java, Go and asyncio do.
    with socket.create_server((LOOPBACK, port)):
        assert listening(port)
        assert free_port(port) != port


async def test_a_guard_keeps_a_port_and_disconnects_who_comes() -> None:
    guard, port = PortGuard(), free_port()
    assert await guard.hold(port)
    with pytest.raises(OSError, match="ddress already in use"):
        socket.create_server((LOOPBACK, port))
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    assert await reader.read() == b"", "the end of the connection"
    writer.close()
    guard.release()
    assert not guard.holds
    # As Java, Go and asyncio do.
    with socket.create_server((LOOPBACK, port)):
        assert not await guard.hold(port), "that is somebody else's"
    assert await guard.hold(port), "it has been given back"
    guard.release()
