"""Loopback ports: the wanted one when it is free, another one otherwise."""

from __future__ import annotations

import socket
from typing import Final

import psutil

LOOPBACK: Final = "127.0.0.1"


def free_port(preferred: int = 0) -> int:
    """A port nobody listens on; `preferred` if that is free, and 0 means any."""
    with socket.socket() as probe:
        # Without this a port in TIME_WAIT, which a listener may well take, would look taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, preferred))
        except OSError:
            probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def listening(port: int) -> bool:
    """Whether somebody accepts connections on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex((LOOPBACK, port)) == 0


def ports_of(pid: int) -> frozenset[int]:
    """The TCP ports that a process listens on; none when it has ended."""
    try:
        connections = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return frozenset()
    return frozenset(c.laddr.port for c in connections if c.status == psutil.CONN_LISTEN)
