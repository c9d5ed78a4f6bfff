"""One stack for all faults, with an open console, and how long each round took to recover."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from statistics import median
from typing import Final

import msgspec
import pytest

from pipeline import config, contract
from pipeline.config import Settings
from pipeline.errors import PipelineError
from pipeline.kafka import topics
from pipeline.model.jobs import JobState
from pipeline.model.simulator import SimulatorCommand
from pipeline.model.stack import Health
from pipeline.parity.report import Parity
from pipeline.stack.local.control import Control, GetReport, Report
from pipeline.stack.runtime import Runtime

from ..conftest import (
    assert_ended,
    assert_nothing_wrong,
    command,
    stack_environment,
    stack_processes,
    wait_until,
)
from ..test_console import Terminal

# Transactions per second: twice the default, so that each state is reached in half the time.
RATE: Final = 200
RECOVERY: Final = "recovery_seconds"


@dataclass
class Patient:
    """The stack under test.

    Attributes:
        settings: Settings of the stack.
        runtime: Attached to it.
        terminal: A console that is open all the time.
        random: Decides the moment of a fault in a job's life.
        record: Records a property of the present test.
        proved: Whether all results have been proved since the last fault.
        before: Number of transactions before the first one of the present simulator.
    """

    settings: Settings
    runtime: Runtime
    terminal: Terminal
    random: Random
    record: Callable[[str, object], None]
    proved: bool = False
    before: int = 0

    @property
    def report(self) -> Report:
        """The supervisor's report."""
        with Control(self.settings.state_dir) as control:
            return control.ask(GetReport(), Report)

    @property
    def sent(self) -> int:
        """Number of transactions of all simulators."""
        return self.before + self.report.simulator.sent

    @property
    def shown(self) -> int:
        """The number of transactions that the console shows; 0 while it shows none."""
        found = re.search(r"([\d,]+) transactions", self.terminal.text)
        return int(found[1].replace(",", "")) if found else 0

    def records(self, topic: str) -> int:
        """Number of records in a topic; 0 as long as it is unknown."""
        known = {info.name: info.offsets for info in topics.list_topics(self.runtime.kafka)}
        return known.get(topic) or 0

    def pid(self, name: str) -> int:
        """The pid of a process of the stack."""
        noted = msgspec.json.decode((self.settings.state_dir / "pids.json").read_bytes())
        return int(noted[name]["pid"])

    @property
    def well(self) -> bool:
        """Whether every process is up and every job runs, as far as they answer in time."""
        try:
            if not self.report.up:
                return False
            status = self.runtime.status()
        except PipelineError:
            return False
        jobs = [job.state for job in status.jobs]
        # Flink counts a lost TaskManager until it misses its heartbeat.
        settled = status.slots is not None and status.slots.total == self.settings.slots
        return status.flink is Health.UP and settled and jobs == [JobState.RUNNING] * len(jobs)

    def simulate(self, *, running: bool) -> None:
        """Start or stop the simulator."""
        self.runtime.simulate(SimulatorCommand(running=running, rate=RATE))

    def have_fraud(self) -> None:
        """Inject fraud, and wait until a transaction is flagged."""
        self.runtime.simulate(SimulatorCommand(inject_fraud=True))
        (flagged,) = self.runtime.features.find(["flagged"])
        wait_until(lambda: self.records(flagged.topic), 60, "a flagged transaction")

    def assert_recovers(self, seconds: float) -> None:
        """All runs again within this many seconds after the cause has ended."""
        began = time.monotonic()
        self.assert_well(seconds)
        self.record(RECOVERY, time.monotonic() - began)

    def assert_well(self, seconds: float) -> None:
        """All runs within this many seconds, and the console says so."""
        wait_until(lambda: self.well, seconds, f"recovery: {self.runtime.status()}")
        assert self.terminal.text, "what it says now, not what it said before"
        self.terminal.wait_for(r"● kafka.*● flink", 15)
        self.terminal.wait_for(r"5 of 5 running", 15)

    def verified(self) -> list[Parity]:
        """Verify every job, in a process of its own: its clients do not know of the fault."""
        done = command(self.settings)("verify", "--json")
        assert done.stdout, done.stderr
        return msgspec.convert(msgspec.json.decode(done.stdout), list[Parity])

    def assert_right(self) -> None:
        """No result of any transaction that was ever sent is missing or wrong."""
        self.simulate(running=False)
        proofs = self.verified()
        jobs = {job.name for job in self.runtime.status().jobs}
        assert {parity.name for parity in proofs} == jobs
        for parity in proofs:
            assert_nothing_wrong(parity, outage=True)
            assert parity.expected > 0, parity
            assert parity.unread == 0, parity
        self.proved = True


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "round_number" in metafunc.fixturenames:
        metafunc.parametrize("round_number", range(metafunc.config.getoption("--rounds")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Try every fault once before any again, so that a soak that is stopped tried them alike."""

    def round_of(item: pytest.Item) -> int:
        return item.callspec.params.get("round_number", 0) if hasattr(item, "callspec") else 0

    items.sort(key=round_of)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how often each fault was tried, and how long all took to run again."""
    rounds: dict[str, list[bool]] = defaultdict(list)
    seconds: dict[str, list[float]] = defaultdict(list)
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            fault = report.nodeid.partition("::")[2].partition("[")[0]
            rounds[fault].append(outcome == "passed")
            seconds[fault] += [took for name, took in report.user_properties if name == RECOVERY]
    terminalreporter.section("recovery: rounds passed, median and longest seconds")
    for fault, passed in sorted(rounds.items()):
        took = seconds[fault]
        figures = f"{median(took):7.1f}{max(took):7.1f}" if took else ""
        terminalreporter.line(f"{fault:45}{sum(passed):4} of {len(passed):3}{figures}")


@pytest.fixture(scope="package")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patient]:
    """A stack with an open console, for all faults that leave it intact."""
    settings = config.load(environment=stack_environment(tmp_path_factory.mktemp("faults")))
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False)
    processes = stack_processes(settings)
    terminal = Terminal(settings)
    yield Patient(settings, runtime, terminal, Random(0), lambda *_: None, proved=True)
    terminal.close()
    runtime.close()
    assert_ended(processes, patience=20)


@pytest.fixture
def patient(
    observed: Patient,
    round_number: int,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> Patient:
    """The stack in good health, with transactions arriving.

    The faults use it one after the other; topics are emptied only after one that lost something.
    """
    observed.random = Random(f"{request.node.name}")
    observed.record = record_property
    if not observed.proved:
        observed.runtime.fresh()
    observed.proved = False
    observed.assert_well(60)
    observed.before = observed.records(contract.TRANSACTION_TOPIC)
    observed.simulate(running=True)
    # The simulator receives commands only when it is up.
    wait_until(lambda: observed.report.simulator.sent, 60, "the simulator")
    observed.have_fraud()
    # Somewhere between two checkpoints, with some rows in every sink.
    wanted = observed.random.randint(300, 900)
    wait_until(lambda: observed.report.simulator.sent > wanted, 60, "transactions")
    return observed
