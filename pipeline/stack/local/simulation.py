"""The simulator as a process of the stack: takes commands, and reports its status line by line."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec

from pipeline.config import KafkaSettings, Settings, kafka_to_json
from pipeline.model.simulator import SimulatorCommand, SimulatorStatus
from pipeline.text.ready_type import ready

from .child_process import ProcessSpec
from .component import Component
from .pids import PidFile

DEFAULT_RATE: Final = 100.0
DEFAULT_SPEED: Final = 720.0


class Simulator:
    """Starts, changes and stops the simulator, and keeps its latest status.

    Args:
        settings: Settings of the profile, with the log directory.
        kafka: Returns the Kafka cluster and its credentials.
        pids: Records its pid.
    """

    def __init__(
        self, settings: Settings, kafka: Callable[[], KafkaSettings], pids: PidFile
    ) -> None:
        self._settings = settings
        self._pids = pids
        self._kafka = kafka
        self._pace = SimulatorCommand(rate=DEFAULT_RATE, speed=DEFAULT_SPEED, paused=False)
        self._component: Component | None = None
        self._process: Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._status = SimulatorStatus()

    @property
    def report(self) -> SimulatorStatus:
        if self._component is None:
            # A process that is gone holds no labels back.
            left = replace(self._status, labels_pending=0, patterns=(), label_delay=0.0)
            return replace(left, up=False, rate=0.0, speed=0.0, paused=False)
        # The requested pace: the reported speed is at most 1 once event time is that of today.
        return replace(
            self._status,
            up=True,
            rate=self._pace.rate or 0.0,
            speed=self._pace.speed or 0.0,
            paused=bool(self._pace.paused),
            patterns=self._pace.patterns or (),
            label_delay=self._pace.label_delay or 0.0,
        )

    async def change(self, request: SimulatorCommand) -> None:
        """Start or stop the simulator, or change its pace."""
        given = {
            name: value
            for name in ("rate", "speed", "paused", "patterns", "label_delay")
            if (value := getattr(request, name)) is not None
        }
        self._pace = msgspec.structs.replace(self._pace, **given)
        if request.running is False:
            await self.stop()
        elif request.running and self._component is None:
            # The counters of the previous process do not apply to this one.
            self._status = SimulatorStatus()
            self._component = Component(self._spec(), self._pids, self._follow, self._renewed)
            self._component.start()
        elif given or request.inject_fraud:
            await self._send(msgspec.structs.replace(request, running=None))

    def pause(self) -> None:
        """Halt the process, if there is one, until `resume`."""
        if self._component is not None:
            self._component.pause()

    def resume(self) -> None:
        """Let a paused process go on."""
        if self._component is not None:
            self._component.resume()

    def restart(self) -> None:
        """Kill the process, if there is one; the next one asks where Kafka is now.

        What the old one has not delivered is lost with it.
        """
        if self._component is not None:
            self._component.restart()

    async def stop(self) -> None:
        """End the simulator after it has flushed its records."""
        if self._component is not None:
            await self._component.stop(patience=5.0)
        if self._reader is not None:
            self._reader.cancel()
        self._component = self._process = self._reader = None

    async def _renewed(self) -> ProcessSpec:
        """Return the process at Kafka's present address, which may have changed."""
        return self._spec()

    def _spec(self) -> ProcessSpec:
        async def ready(process: Process) -> bool:
            assert process.stdout is not None
            return bool(await process.stdout.readline())

        return ProcessSpec(
            name="simulator",
            title="Simulator",
            command=(
                *(sys.executable, "-m", "pipeline.simulator.process"),
                *("--rate", str(self._pace.rate), "--speed", str(self._pace.speed)),
            ),
            log=self._settings.logs_dir / "simulator.log",
            ready=ready,
            piped=True,
            greeting=kafka_to_json(self._kafka()),
        )

    async def _follow(self, process: Process) -> None:
        """Send the current pace to a restarted process, which starts with the initial one."""
        self._process = process
        await self._send(self._pace)
        self._reader = asyncio.create_task(self._read(process))

    async def _read(self, process: Process) -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            self._status = msgspec.json.decode(line, type=ready(SimulatorStatus))

    async def _send(self, command: SimulatorCommand) -> None:
        if self._process is None or self._process.stdin is None:
            return
        self._process.stdin.write(msgspec.json.encode(command) + b"\n")
        await self._process.stdin.drain()
