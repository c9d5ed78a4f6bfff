"""Keeps the managed broker running, and its clients away from another one at its address.

While the broker is down, its port may be taken by any process, such as the broker of another stack,
with topics of the same names. Clients that reconnect would write to it.
"""

from __future__ import annotations

import logging
import time
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Protocol

from pipeline.config import KafkaSettings
from pipeline.model.stack import Health

from .broker import ManagedBroker
from .child_process import ProcessSpec
from .component import Component
from .control import ProcessReport
from .pids import PidFile
from .ports import PortGuard, free_port, ports_of

# A broker with much to recover binds its port late; Flink takes a longer pause for a failure.
_LONGEST_PAUSE_SECONDS: Final = 3.0

_log = logging.getLogger(__name__)


class Client(Protocol):
    """A process of the stack that connects to the broker, and reconnects by itself."""

    def pause(self) -> None:
        """Halt it until `resume`."""

    def resume(self) -> None:
        """Let it go on."""

    def restart(self) -> None:
        """Kill it; it is started again, and then connects to the broker's present address."""


class BrokerProcess:
    """Keeps the broker running, on another port if its own has been taken.

    While it is down, a guard has its port. The guard gives the port back when the broker is about
    to listen there, and until it does, the clients are paused: who is faster meets none of them.

    Args:
        broker: The broker to run.
        pids: Records its pid.
        clients: What is connected to it; restarted when its address changes.
    """

    def __init__(self, broker: ManagedBroker, pids: PidFile, clients: Sequence[Client]) -> None:
        self._broker = broker
        self._clients = clients
        self._guard = PortGuard()
        self._paused_at: float | None = None
        self._was_up = False
        self._component = Component(
            self._spec(broker.port), pids, on_up=self._came_up, renew=self._renewed
        )

    @property
    def report(self) -> ProcessReport:
        return self._component.report

    @property
    def kafka(self) -> KafkaSettings:
        """The cluster at the broker's current or future address."""
        return self._broker.kafka

    @property
    def cluster_id(self) -> str:
        """The id of its cluster; empty if it cannot be read."""
        return self._broker.cluster_id

    @property
    def up(self) -> bool:
        """Whether the broker runs and answers."""
        return self.report.health is Health.UP

    def start(self) -> None:
        """Start the process and keep it running."""
        self._component.start()

    async def stop(self, patience: float) -> None:
        """Terminate the process, and kill it after `patience` seconds."""
        await self._component.stop(patience)
        self._guard.release()

    def _spec(self, port: int) -> ProcessSpec:
        spec = self._broker.spec(port)

        async def ready(process: Process) -> bool:
            if self._guard.holds:
                if self._broker.controller_port not in ports_of(process.pid):
                    return False
                # Its own port comes next.
                self._pause()
                self._guard.release()
            if self._paused_at and time.monotonic() - self._paused_at > _LONGEST_PAUSE_SECONDS:
                self._resume()
            return await spec.ready(process)

        return replace(spec, ready=ready)

    async def _came_up(self, _: Process) -> None:
        self._was_up = True
        self._resume()

    async def _renewed(self) -> ProcessSpec:
        """Return the process at the same address, or at another one if a stranger listens there."""
        port = self._broker.port
        # It ended before it was given its port, perhaps because it needed it earlier than expected.
        too_late = self._guard.holds
        if await self._guard.hold(port):
            if too_late:
                self._guard.release()
        else:
            if self._was_up:
                for client in self._clients:
                    client.restart()
            taken, port = port, free_port()
            _log.warning("another process has port %d; Kafka gets port %d", taken, port)
        self._resume()
        return self._spec(port)

    def _pause(self) -> None:
        if self._was_up:
            self._paused_at = time.monotonic()
            for client in self._clients:
                client.pause()

    def _resume(self) -> None:
        if self._paused_at is not None:
            for client in self._clients:
                client.resume()
        self._paused_at = None
