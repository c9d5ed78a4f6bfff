"""What companies put before Flink's REST API: TLS, a password or a token, a path, a long way."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

_HOP_BY_HOP = {"host", "connection", "transfer-encoding", "content-length", "authorization"}


class Proxy:
    """Passes requests on to a Flink on loopback, until it is closed.

    Args:
        target: Where Flink is, asked for each request.
        path: Before every path.
        authorization: What the header of that name has to be; empty for anything.
        context: For TLS; None without.
        delay: Seconds that each request takes longer.
    """

    def __init__(
        self,
        target: Callable[[], str],
        *,
        path: str = "",
        authorization: str = "",
        context: ssl.SSLContext | None = None,
        delay: float = 0.0,
    ) -> None:
        self.refused = 0
        self.passed = 0
        proxy = self
        client = httpx.Client(trust_env=False, timeout=60)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _pass_on(self) -> None:
                body = self._body()
                # The length of a way, as an injected condition; nothing is waited for.
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
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        scheme = "http"
        if context is not None:
            scheme = "https"
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address = f"{scheme}://localhost:{self._server.server_port}{path}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._client.close()
