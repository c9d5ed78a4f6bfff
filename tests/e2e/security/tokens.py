"""A small authorization server: returns tokens for the right secret, and publishes its keys."""

from __future__ import annotations

import json
import threading
import time
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from joserfc import jwt
from joserfc.jwk import RSAKey

AUDIENCE = "fraudwatch"


class TokenServer:
    """Serves on loopback until it is closed.

    Attributes:
        refused: Number of requests with a wrong secret.
    """

    def __init__(self, client_id: str, client_secret: str) -> None:
        self.refused = 0
        self._key = RSAKey.generate_key(2048, {"kid": "test", "use": "sig", "alg": "RS256"})
        self._known = (client_id, client_secret)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(200, {"keys": [server._key.as_dict(private=False)]})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                if server._knows(self.headers.get("Authorization", ""), body):
                    self._answer(200, server._token())
                else:
                    server.refused += 1
                    self._answer(401, {"error": "invalid_client"})

            def _answer(self, code: int, value: object) -> None:
                data = json.dumps(value).encode()
                self.send_response(code)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _knows(self, authorization: str, body: str) -> bool:
        kind, _, encoded = authorization.partition(" ")
        if kind == "Basic":
            return tuple(b64decode(encoded).decode().split(":", 1)) == self._known
        fields = parse_qs(body)
        return (
            fields.get("client_id", [""])[0],
            fields.get("client_secret", [""])[0],
        ) == self._known

    def _token(self) -> dict[str, object]:
        now = int(time.time())
        claims = {"iss": self.address, "sub": self._known[0], "aud": AUDIENCE, "iat": now}
        token = jwt.encode(
            {"alg": "RS256", "kid": "test"},
            {**claims, "exp": now + 3600, "scope": "kafka"},
            self._key,
        )
        return {"access_token": token, "token_type": "Bearer", "expires_in": 3600}
