"""One stack to break, with a console watching it; and how often to break it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

import msgspec
import pytest

from pipeline import config, contract
from pipeline.config import Settings
from pipeline.kafka import topics
from pipeline.model import Health, JobState, SimulatorCommand
from pipeline.stack.local.control import Control, GetReport, Report
from pipeline.stack.runtime import Runtime

from ..conftest import (
    assert_ended,
    assert_nothing_wrong,
    stack_environment,
    stack_processes,
    wait_until,
)
from ..test_console import Terminal

# Transactions a second: twice what users have, so that each moment comes in half the time.
RATE: Final = 200


@dataclass
class Patient:
    """A stack under observation.

    Attributes:
        settings: Of the stack.
        runtime: Attached to it.
        terminal: A console that was open all the time.
        random: Decides when in a job's life a fault comes.
        proved: Whether all that was ever sent has been proved since the last fault.
        before: How many transactions there were before the present simulator's first.
    """

    settings: Settings
    runtime: Runtime
    terminal: Terminal
    random: Random
    proved: bool = False
    before: int = 0

    @property
    def report(self) -> Report:
        """What the supervisor says."""
        with Control(self.settings.state_dir) as control:
            return control.ask(GetReport(), Report)

    @property
    def sent(self) -> int:
        """How many transactions there are, of all simulators."""
        return self.before + self.report.simulator.sent

    def records(self, topic: str) -> int:
        """How many records a topic holds; 0 as long as that is not known."""
        known = {info.name: info.records for info in topics.list_topics(self.runtime.kafka)}
        return known.get(topic) or 0

    def pid(self, name: str) -> int:
        """A process of the stack."""
        noted = msgspec.json.decode((self.settings.state_dir / "pids.json").read_bytes())
        return int(noted[name]["pid"])

    @property
    def well(self) -> bool:
        """Whether every process is up and every job runs."""
        if not self.report.up:
            return False
        status = self.runtime.status()
        jobs = [job.state for job in status.jobs]
        # A TaskManager that is gone is still counted until Flink misses its heartbeat.
        settled = status.slots is not None and status.slots.total == self.settings.slots
        return status.flink is Health.UP and settled and jobs == [JobState.RUNNING] * len(jobs)

    def simulate(self, *, running: bool) -> None:
        """Have transactions, or none."""
        self.runtime.simulate(SimulatorCommand(running=running, rate=RATE))

    def have_fraud(self) -> None:
        """Have fraud among the transactions, and wait until there is a flagged one."""
        self.runtime.simulate(SimulatorCommand(inject_fraud=True))
        (flagged,) = self.runtime.features.find(["flagged"])
        wait_until(lambda: self.records(flagged.topic), 60, "a flagged transaction")

    def assert_recovers(self, seconds: float) -> None:
        """All is as it was, at most so many seconds from now; and the console says so."""
        wait_until(lambda: self.well, seconds, f"recovery: {self.runtime.status()}")
        assert self.terminal.text, "what it says now, not what it said before"
        self.terminal.wait_for(r"● kafka.*● flink", 15)
        self.terminal.wait_for(r"5 of 5 running", 15)

    def assert_right(self) -> None:
        """No result is missing and none is wrong, of everything that was ever sent."""
        self.simulate(running=False)
        for job in self.runtime.status().jobs:
            parity = self.runtime.verify(job.name)
            assert_nothing_wrong(parity)
            assert parity.expected > 0, parity
            assert parity.unread == 0, parity
        self.proved = True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "round_number" in metafunc.fixturenames:
        metafunc.parametrize("round_number", range(metafunc.config.getoption("--rounds")))


@pytest.fixture(scope="package")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """A stack with a console on it, for all faults that leave it as it was."""
    settings = config.load(environment=stack_environment(tmp_path_factory.mktemp("faults")))
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False)
    processes = stack_processes(settings)
    terminal = Terminal(settings)
    yield Patient(settings, runtime, terminal, Random(0), proved=True)
    terminal.close()
    runtime.close()
    assert_ended(processes, patience=20)


@pytest.fixture
def patient(observed: Patient, round_number: int, request: pytest.FixtureRequest) -> Patient:
    """The stack in good health, with transactions coming.

    One fault follows the other; topics are emptied only where the last one has lost something.
    """
    observed.random = Random(f"{request.node.name}")
    if not observed.proved:
        observed.runtime.fresh()
    observed.proved = False
    observed.assert_recovers(60)
    observed.before = observed.records(contract.TRANSACTION_TOPIC)
    observed.simulate(running=True)
    # The simulator hears of nothing before it is up.
    wait_until(lambda: observed.report.simulator.sent, 60, "the simulator")
    observed.have_fraud()
    # Somewhere between two checkpoints, with some of everything in the sinks.
    wanted = observed.random.randint(300, 900)
    wait_until(lambda: observed.report.simulator.sent > wanted, 60, "transactions")
    return observed
