"""What the supervisor remembers of the simulator and passes to its process, which it restarts."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgspec
import psutil

from pipeline import config
from pipeline.model.simulator import Pattern, SimulatorCommand, SimulatorStatus
from pipeline.stack.local.child_process import ProcessSpec
from pipeline.stack.local.pids import PidFile
from pipeline.stack.local.simulation import Simulator

_PATIENCE_SECONDS = 120

# Reports its pid and its status, and appends the lines that it reads to a file, and the first one,
# the settings of Kafka, to another.
PROCESS = """
import os, sys
with open(sys.argv[1] + ".kafka", "a") as file:
    file.write(sys.stdin.readline())
for _ in range(2):
    print('{"up": true, "sent": %d, "labels_pending": 12}' % os.getpid(), flush=True)
with open(sys.argv[1], "a") as file:
    for line in sys.stdin:
        print(line, end="", file=file, flush=True)
"""


class ScriptedSimulator(Simulator):
    """The supervisor's simulator, with another process in the place of the real one."""

    def __init__(self, folder: Path) -> None:
        folder.joinpath("logs").mkdir()
        self.heard = folder / "heard"
        self.heard.touch()
        settings = msgspec.structs.replace(config.load(environment={}), state_dir=folder)
        self.kafka = settings.kafka
        super().__init__(settings, lambda: self.kafka, PidFile(folder / "pids.json"))

    def _spec(self) -> ProcessSpec:
        return replace(super()._spec(), command=(sys.executable, "-c", PROCESS, str(self.heard)))

    @property
    def commands(self) -> list[SimulatorCommand]:
        lines = self.heard.read_bytes().splitlines()
        return [msgspec.json.decode(line, type=SimulatorCommand) for line in lines]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():
            await asyncio.sleep(0.01)


async def test_patterns_and_the_delay_of_labels_survive_a_restart(tmp_path: Path) -> None:
    simulator = ScriptedSimulator(tmp_path)
    pace = SimulatorCommand(rate=100.0, speed=720.0, paused=False)
    await simulator.change(SimulatorCommand(running=True, patterns=(Pattern.TESTING,)))
    try:
        first = msgspec.structs.replace(pace, patterns=(Pattern.TESTING,))
        await until(lambda: simulator.commands == [first])
        delay = SimulatorCommand(label_delay=3_600)
        await simulator.change(delay)
        await until(lambda: simulator.commands == [first, delay])
        await until(lambda: simulator.report.sent > 0)
        report = simulator.report
        assert (report.patterns, report.label_delay) == ((Pattern.TESTING,), 3_600)
        assert report.labels_pending == 12
        simulator.kafka = simulator.kafka.at("127.0.0.1:29092")
        psutil.Process(report.sent).kill()
        again = msgspec.structs.replace(first, label_delay=3_600.0)
        await until(lambda: simulator.commands == [first, delay, again])
        given = Path(f"{simulator.heard}.kafka").read_text().splitlines()
        assert ["29092" in line for line in given] == [False, True], "the address has changed"
    finally:
        await simulator.stop()
    assert simulator.report == SimulatorStatus(sent=simulator.report.sent)
    await simulator.change(SimulatorCommand(patterns=()))
    assert simulator.commands == [first, delay, again]
