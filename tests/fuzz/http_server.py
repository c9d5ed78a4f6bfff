"""A server on loopback that answers like an API of JSON over HTTP, or with garbage."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Final, Protocol

from .flink import TRACE
from .mutation import mutated
from .serving import Serving


class Api(Protocol):
    """The proper answers."""

    def answer(self, method: str, target: str) -> tuple[int, Any]:
        """Return the status and the body of the answer to a request."""


class Exchange:
    """One request, and its possible answers.

    Args:
        handler: Handler of the HTTP connection.
        code: Status of a proper answer.
        body: Body of a proper answer.
        random: For the random kinds of garbage.
    """

    def __init__(
        self, handler: BaseHTTPRequestHandler, code: int, body: Any, random: Random
    ) -> None:
        self._handler = handler
        self._code = code
        self.body = json.dumps(body).encode()
        self.value = body
        self.random = random

    def send(
        self,
        body: bytes,
        code: int | None = None,
        *,
        kind: str = "application/json",
        length: int | None = None,
        **headers: str,
    ) -> None:
        """Send an answer; with a wrong `length` the client waits, or reads a part."""
        handler = self._handler
        handler.send_response_only(self._code if code is None else code)
        handler.send_header("Content-Type", kind)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    def raw(self, data: bytes) -> None:
        """Send bytes that need not be HTTP, and close the connection."""
        self._handler.wfile.write(data)
        self._handler.close_connection = True


Garble = Callable[[Exchange], None]

_PAGE: Final = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>\x1b[31m</body>"
_SERVER_ERROR: Final = json.dumps({"errors": ["Internal server error.", f"<Exception on {TRACE}>"]})
_HOSTILE: Final = "\x1b]0;owned\x07\x1b[2J\u202ered\r\n\x00"
_HTTP: Final = b"HTTP/1.1 200 OK\r\n"


def _cut(exchange: Exchange) -> None:
    exchange.send(exchange.body[: len(exchange.body) // 2])


def _broken_off(exchange: Exchange) -> None:
    exchange.raw(_HTTP + b"Content-Length: 5000\r\n\r\n" + exchange.body[:9])


def _long(exchange: Exchange) -> None:
    exchange.send(json.dumps({"errors": ["x" * 100_000 + _HOSTILE]}).encode(), 500)


def _deep(exchange: Exchange) -> None:
    exchange.send(b'{"execution-config":' + b"[" * 100_000)


GARBLES: Final[dict[str, Garble]] = {
    "html": lambda exchange: exchange.send(_PAGE, 200, kind="text/html"),
    "html error": lambda exchange: exchange.send(_PAGE, 500, kind="text/html"),
    "redirect": lambda exchange: exchange.send(b"", 302, Location="https://sso.example/login"),
    "odd redirect": lambda exchange: exchange.send(b"", 302, Location="http://[\x1b[31mx\xa0"),
    "nowhere": lambda exchange: exchange.send(b"", 302),
    "empty": lambda exchange: exchange.send(b"", 200),
    "no content": lambda exchange: exchange.send(b"", 204),
    "truncated": _cut,
    "null": lambda exchange: exchange.send(b"null", 200),
    "list": lambda exchange: exchange.send(b"[]", 200),
    "number": lambda exchange: exchange.send(b"1e999", 200),
    "text": lambda exchange: exchange.send(b'"\xf0\x9f\x92\xa9"', 200),
    "object": lambda exchange: exchange.send(b'{"status":"UP"}', 200),
    "not UTF-8": lambda exchange: exchange.send(b'{"errors":["\xff\xfe\x80"]}', 200),
    "error, not UTF-8": lambda exchange: exchange.send(b'{"errors":["\xff\xfe\x80"]}', 500),
    "nested deeply": _deep,
    "too short": lambda exchange: exchange.send(exchange.body, length=len(exchange.body) // 2),
    "too long": lambda exchange: exchange.send(exchange.body, length=len(exchange.body) + 99),
    "broken off": _broken_off,
    "closed": lambda exchange: exchange.raw(b""),
    "no HTTP": lambda exchange: exchange.raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "random": lambda exchange: exchange.raw(exchange.random.randbytes(500)),
    "odd header": lambda exchange: exchange.raw(_HTTP + b"\xff\x00: \x1b[31m\r\n\r\n{}"),
    "odd charset": lambda exchange: exchange.send(b"\xff\xff", 500, kind="text/x; charset=\x1b[31"),
    "lying gzip": lambda exchange: exchange.send(exchange.body, Content_Encoding="gzip"),
    "cut gzip": lambda exchange: exchange.send(
        gzip.compress(exchange.body)[:20], Content_Encoding="gzip"
    ),
    "stack trace": lambda exchange: exchange.send(_SERVER_ERROR.encode(), 500),
    "hostile error": lambda exchange: exchange.send(
        json.dumps({"errors": [f"{_HOSTILE}..."]}).encode(), 400
    ),
    "long error": _long,
    "error of errors": lambda exchange: exchange.send(b'{"errors":[[1],null,{"a":2}]}', 500),
    "unauthorized": lambda exchange: exchange.send(b"no", 401),
    "forbidden": lambda exchange: exchange.send(b'{"errors":[]}', 403),
    "not found": lambda exchange: exchange.send(b'{"errors":["Not found."]}', 404),
    "too many": lambda exchange: exchange.send(b"", 429),
    "bad gateway": lambda exchange: exchange.send(_PAGE, 502, kind="text/html"),
    "odd code": lambda exchange: exchange.send(b"{}", 799),
    "early hints": lambda exchange: exchange.raw(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 3),
    "silent": lambda exchange: exchange.raw(_HTTP),
}
"""What is sent in place of an answer, none of which is one; by a name for the test's report."""


def mutate(exchange: Exchange) -> None:
    """Send the answer with values removed or inserted, which may still be a valid answer."""
    exchange.send(mutated(exchange.value, exchange.random))


class HttpServer(Serving):
    """Answers like an API, or with garbage.

    Args:
        api: Returns the API as it is at the beginning of a case.

    Attributes:
        garbled: Number of garbled answers.
        asked: Number of requests.
    """

    def __init__(self, api: Callable[[], Api]) -> None:
        self._new = api
        self.begin(Random(0))
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 5

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                self.rfile.read(length)
                # Clients close the connection on an invalid answer.
                with suppress(OSError):
                    server._serve(self)

            do_POST = do_PATCH = do_DELETE = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Write nothing into the test's own output."""

        super().__init__(ThreadingHTTPServer(("127.0.0.1", 0), Handler))

    @property
    def address(self) -> str:
        """The address for a profile."""
        return f"http://127.0.0.1:{self.port}"

    def begin(
        self,
        random: Random,
        garble: Garble | None = None,
        *,
        after: int = 0,
        share: float = 1.0,
        api: Api | None = None,
    ) -> None:
        """Begin a case.

        Args:
            random: Decides about the garbage.
            garble: Sends garbage; None for proper answers.
            after: Number of proper answers before.
            share: Share of garbled answers among the others.
            api: The API of this case; one as at the beginning when None.
        """
        self._lock = threading.Lock()
        self._api = self._new() if api is None else api
        self._random = random
        self._garble = garble
        self._after = after
        self._share = share
        self.garbled = 0
        self.asked = 0

    def _serve(self, handler: BaseHTTPRequestHandler) -> None:
        with self._lock:
            code, body = self._api.answer(handler.command, handler.path)
            self.asked += 1
            garble = self._garble
            wanted = self.asked > self._after and self._random.random() < self._share
            garble = garble if wanted else None
            self.garbled += garble is not None
            exchange = Exchange(handler, code, body, Random(self._random.random()))
        if garble is None:
            exchange.send(exchange.body)
        else:
            garble(exchange)
