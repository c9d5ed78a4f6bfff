"""A server of a test, on a free port of loopback."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from socketserver import ThreadingTCPServer


class Serving:
    """Answers in its own threads until it is closed.

    Args:
        server: A bound server.
    """

    def __init__(self, server: ThreadingTCPServer | ThreadingHTTPServer) -> None:
        self._server = server
        server.daemon_threads = True
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def port(self) -> int:
        """Its port."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
