"""A proxy before Flink's REST API, as in companies: TLS, a password or a token, a path, a delay."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_HOP_BY_HOP = {"host", "connection", "transfer-encoding", "content-length", "authorization"}


class Proxy:
    """Forwards requests to a Flink on loopback, until it is closed.

    Args:
        target: Returns the address of Flink, for each request.
        path: Prefix of every path.
        authorization: Required value of the header with that name; empty for any.
        context: For TLS; None without.
        delay: Seconds by which each request is delayed.
        six: Whether to listen on IPv6 alone.

    Attributes:
        refused: Number of requests without the right header.
        passed: Number of forwarded requests.
        spans: Start and end of each forwarded request, in seconds of one clock.
    """

    def __init__(
        self,
        target: Callable[[], str],
        *,
        path: str = "",
        authorization: str = "",
        context: ssl.SSLContext | None = None,
        delay: float = 0.0,
        six: bool = False,
    ) -> None:
        self.refused = 0
        self.passed = 0
        self.spans: list[tuple[float, float]] = []
        proxy = self
        client = httpx.Client(trust_env=False, timeout=60)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                came = time.monotonic()
                body = self._body()
                # An injected network delay, not a wait for something.
                time.sleep(delay)
                if authorization and self.headers.get("Authorization") != authorization:
                    proxy.refused += 1
                    self._answer(401, b"no", {})
                    return
                if not self.path.startswith(path):
                    self._answer(404, b"not here", {})
                    return
                headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
                answer = client.request(
                    self.command, target() + self.path[len(path) :], content=body, headers=headers
                )
                proxy.passed += 1
                proxy.spans.append((came, time.monotonic()))
                self._answer(answer.status_code, answer.content, dict(answer.headers))

            do_GET = do_POST = do_PATCH = do_DELETE = _pass_on

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
                    chunks = []
                    while size := int(self.rfile.readline().split(b";")[0], 16):
                        chunks.append(self.rfile.read(size))
                        self.rfile.readline()
                    self.rfile.readline()
                    return b"".join(chunks)
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def _answer(self, code: int, content: bytes, headers: dict[str, str]) -> None:
                self.send_response(code)
                for name, value in headers.items():
                    if name.lower() not in _HOP_BY_HOP | {"content-encoding"}:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self._client = client

        class Server(ThreadingHTTPServer):
            address_family = socket.AF_INET6 if six else socket.AF_INET

        self._server = Server(("::1" if six else "127.0.0.1", 0), Handler)
        scheme = "http"
        if context is not None:
            scheme = "https"
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        host = "[::1]" if six else "localhost"
        self.address = f"{scheme}://{host}:{self._server.server_port}{path}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def in_a_row(self) -> int:
        """The longest chain of requests, each of which began after the answer to the one before."""
        chains: list[tuple[float, int]] = []
        for came, answered in sorted(self.spans, key=lambda span: span[1]):
            before = (length for end, length in chains if end <= came)
            chains.append((answered, 1 + max(before, default=0)))
        return max((length for _, length in chains), default=0)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()
