"""A server of a test, on a port of loopback that no one else listens on."""

from __future__ import annotations

import threading
from http.server import ThreadingHTTPServer
from socketserver import ThreadingTCPServer


class Serving:
    """Answers in threads of its own until it is closed.

    Args:
        server: Bound already.
    """

    def __init__(self, server: ThreadingTCPServer | ThreadingHTTPServer) -> None:
        self._server = server
        server.daemon_threads = True
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
