"""An HTTP endpoint for Prometheus on loopback, served by its own threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import Metric
from prometheus_client.registry import Collector

from pipeline.errors import ConfigError
from tui.session.view import View

from .families import families

_LOOPBACK: Final = "127.0.0.1"


class ViewCollector(Collector):
    """Collects the metrics of the current view at each scrape.

    Args:
        view: Returns the current view; called in a thread of the endpoint.
    """

    def __init__(self, view: Callable[[], View]) -> None:
        self._view = view

    def collect(self) -> Iterable[Metric]:
        return families(self._view())


@contextmanager
def serving(port: int, view: Callable[[], View]) -> Iterator[int]:
    """Serve `/metrics` on loopback for as long as the context is open.

    Args:
        port: The port to listen on; 0 for any free one.
        view: Returns the current view; called in a thread of the endpoint.

    Yields:
        The port.

    Raises:
        ConfigError: The port is in use or out of range.
    """
    registry = CollectorRegistry()
    registry.register(ViewCollector(view))
    try:
        server, thread = start_http_server(port, _LOOPBACK, registry)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"Metrics cannot be served on port {port}: {reason}.", "Choose another --metrics-port."
        ) from error
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
