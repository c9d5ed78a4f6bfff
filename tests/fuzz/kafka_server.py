"""A server on loopback that answers like an old Kafka broker, or with garbage."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Final

from .broker import API_VERSIONS, LIST_OFFSETS, Broker, Reader, Request
from .serving import Serving

Garble = Callable[[socket.socket, bytes, bytes, Random], bool]
"""Sends garbage instead of an answer, given what comes before it and the answer; whether to go on
with the connection."""


def _framed(connection: socket.socket, head: bytes, body: bytes) -> bool:
    connection.sendall(struct.pack(">i", len(head) + len(body)) + head + body)
    return True


def _raw(data: bytes) -> Garble:
    def send(connection: socket.socket, head: bytes, body: bytes, random: Random) -> bool:
        connection.sendall(data)
        return False

    return send


def _random_bytes(connection: socket.socket, head: bytes, body: bytes, random: Random) -> bool:
    connection.sendall(random.randbytes(random.randint(1, 2_000)))
    return False


_HTTP: Final = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>\x1b[31m</html>"

# Valid frames with wrong details are not among them: confluent-kafka 2.16 aborts the process if a
# broker supports no version of any request, has -1 brokers, or names a host that is not UTF-8,
# which Python cannot prevent.
GARBLES: Final[dict[str, Garble]] = {
    "random bytes": _random_bytes,
    "HTTP": _raw(_HTTP),
    "closed": _raw(b""),
    "TLS": _raw(b"\x15\x03\x01\x00\x02\x02\x46"),
    "huge length": _raw(b"\x7f\xff\xff\xff" + b"x" * 100),
    "negative length": _raw(b"\xff\xff\xff\xff" + b"x" * 100),
    "no length": _raw(b"\0\0\0\0"),
    "cut": lambda connection, head, body, random: _framed(connection, head, body[: len(body) // 2]),
    "nothing in it": lambda connection, head, body, random: _framed(connection, head, b""),
    "random body": lambda connection, head, body, random: _framed(
        connection, head, b"\x7f" * 8 + random.randbytes(len(body))
    ),
    "to another request": lambda connection, head, body, random: _framed(
        connection, b"\x7f\x01\x02\x03", body
    ),
    "silent": lambda connection, head, body, random: True,
}
"""What is sent in place of an answer, none of which is one; by a name for the test's report."""


class KafkaServer(Serving):
    """Answers like a broker, or with garbage.

    Attributes:
        garbled: Number of garbled answers.
        asked: Number of requests that might get garbage.
    """

    def __init__(self) -> None:
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                # Clients close the connection on an invalid answer.
                with suppress(OSError, struct.error):
                    server._serve(self.request)

        super().__init__(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler))
        self.begin(Random(0))

    @property
    def address(self) -> str:
        """The address for a profile."""
        return f"127.0.0.1:{self.port}"

    def begin(
        self,
        random: Random,
        garble: Garble | None = None,
        *,
        after: int = 0,
        api: int | None = None,
        greets: bool = True,
        odd: float = 0.0,
        leaderless: str = "",
    ) -> None:
        """Begin a case, with a new broker.

        Args:
            random: Decides about the garbage.
            garble: Sends garbage; None for proper answers.
            after: Number of proper answers before.
            api: The request that gets garbage; None for all.
            greets: Whether it properly answers with its supported versions.
            odd: Share of invalid numbers in its answers, and of invalid records.
            leaderless: A topic more, none of whose partitions has a leader; empty for none.
        """
        self._lock = threading.Lock()
        self._broker = Broker(self.port, random, odd=odd, leaderless=leaderless)
        self._random = random
        self._garble = garble
        self._after = after
        self._api = api
        self._greets = greets
        self.garbled = 0
        self.asked = 0

    def _serve(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        while size := stream.read(4):
            data = stream.read(struct.unpack(">i", size)[0])
            reader = Reader(data)
            request = Request(reader.number("h"), reader.number("h"), reader.number("i"))
            reader.text()
            if request.api in (LIST_OFFSETS, API_VERSIONS):
                reader.bytes(1)
            with self._lock:
                body = self._broker.answer(request, reader)
                if body is None:
                    return
                garble = self._chosen(request)
                random = Random(self._random.random())
            head = struct.pack(">i", request.correlation)
            if request.api == LIST_OFFSETS:
                head += b"\0"
            if garble is None:
                _framed(connection, head, body)
            elif not garble(connection, head, body, random):
                return

    def _chosen(self, request: Request) -> Garble | None:
        if request.api == API_VERSIONS:
            wanted = not self._greets
        else:
            self.asked += self._api in (None, request.api)
            wanted = self.asked > self._after and self._api in (None, request.api)
        if self._garble is None or not wanted:
            return None
        self.garbled += 1
        return self._garble
