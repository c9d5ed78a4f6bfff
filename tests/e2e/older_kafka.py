"""An older Kafka: a proxy before a broker that hides versions of its requests.

A client first asks a broker which requests it supports, in which versions, and uses those. So a
broker without a request differs only in its answer to that question.
"""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import IntEnum
from typing import Final

from pipeline.stack.local.ports import LOOPBACK

_FLEXIBLE: Final = 3
_LENGTH: Final = struct.Struct(">i")
# Of a request: its key, its version, and its correlation id.
_HEADER: Final = struct.Struct(">hhi")
# Of an entry of the answer: the key of a request, the oldest and the newest version.
_RANGE: Final = struct.Struct(">hhh")


class Api(IntEnum):
    """Kafka's API keys."""

    LIST_OFFSETS = 2
    METADATA = 3
    OFFSET_FETCH = 9
    LIST_GROUPS = 16
    API_VERSIONS = 18
    INIT_PRODUCER_ID = 22
    DESCRIBE_CONFIGS = 32
    DESCRIBE_LOG_DIRS = 35
    DELETE_GROUPS = 42
    DESCRIBE_CLUSTER = 60
    DESCRIBE_TOPIC_PARTITIONS = 75


Newest = Mapping[Api, int | None]
"""The newest version of a request that is known; None for a request that is not known at all."""


class OlderKafka:
    """Forwards connections to a broker, which has to advertise this address.

    Attributes:
        port: Port for clients.
        target: The broker's port; has to be set before the first client connects.
        asked: Requests and versions of the clients that connected since the last `limited` began.
    """

    def __init__(self) -> None:
        self.target = 0
        self.asked: set[tuple[int, int]] = set()
        self._newest: Newest = {}
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                # Clients reconnect for a while after the broker has ended.
                with (
                    suppress(ConnectionRefusedError),
                    socket.create_connection((LOOPBACK, outer.target)) as broker,
                ):
                    outer._join(self.request, broker)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False

        self._server = Server((LOOPBACK, 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @contextmanager
    def limited(self, newest: Newest) -> Iterator[None]:
        """Hide newer versions than these from clients that connect in the meantime."""
        self._newest = newest
        self.asked = set()
        try:
            yield
        finally:
            self._newest = {}

    def close(self) -> None:
        """Accept no more clients."""
        self._server.shutdown()
        self._server.server_close()

    def _join(self, client: socket.socket, broker: socket.socket) -> None:
        newest, asked = self._newest, self.asked
        versions: dict[int, int] = {}

        def request(frame: bytes) -> bytes:
            key, version, number = _HEADER.unpack_from(frame)
            asked.add((key, version))
            if key == Api.API_VERSIONS:
                versions[number] = version
            return frame

        def answer(frame: bytes) -> bytes:
            (number,) = _LENGTH.unpack_from(frame)
            version = versions.pop(number, None)
            return frame if version is None else _without(frame, version, newest)

        there = threading.Thread(target=_pass_on, args=(client, broker, request), daemon=True)
        there.start()
        _pass_on(broker, client, answer)
        there.join()


def _pass_on(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    """Forward messages one by one until one side has ended, and then end the other."""
    with suppress(OSError), source.makefile("rb") as stream:
        while len(length := stream.read(_LENGTH.size)) == _LENGTH.size:
            frame = change(stream.read(*_LENGTH.unpack(length)))
            sink.sendall(_LENGTH.pack(len(frame)) + frame)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _without(frame: bytes, version: int, newest: Newest) -> bytes:
    """The answer with the supported versions, without the hidden ones."""
    # The correlation id and an error code.
    start = _LENGTH.size + 2
    if frame[start - 2 : start] != b"\0\0":
        return frame
    flexible = version >= _FLEXIBLE
    if flexible:
        count, at = _read_varint(frame, start)
        # A compact array's length is stored plus one, and each entry ends with tagged fields.
        count, line = count - 1, _RANGE.size + 1
    else:
        (count,), at = _LENGTH.unpack_from(frame, start), start + _LENGTH.size
        line = _RANGE.size
    left = []
    for number in range(count):
        said = frame[at + number * line : at + (number + 1) * line]
        key, low, high = _RANGE.unpack_from(said)
        limit = newest.get(key, high)
        if limit is not None:
            left.append(_RANGE.pack(key, low, min(high, limit)) + said[_RANGE.size :])
    length = _varint(len(left) + 1) if flexible else _LENGTH.pack(len(left))
    return frame[:start] + length + b"".join(left) + frame[at + count * line :]


def _read_varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def _varint(value: int) -> bytes:
    found = bytearray()
    while value >= 0x80:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*found, value))
