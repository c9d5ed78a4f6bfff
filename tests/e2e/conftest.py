"""One real broker and one real cluster for all end-to-end tests of a run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Final

import psutil
import pytest

from pipeline import config, private_file
from pipeline.config import FlinkSettings, Settings
from pipeline.features import BUILT_IN, Feature
from pipeline.flink.rest import TERMINAL, FlinkRest
from pipeline.model.jobs import JobState
from pipeline.model.stack import Slots, StackStatus
from pipeline.parity.report import Parity
from pipeline.proof import Outcome
from pipeline.stack.local import jars
from pipeline.stack.local.control import Control, GetReport, Report
from pipeline.stack.runtime import Runtime

from ..running import runs

Run = Callable[..., "subprocess.CompletedProcess[str]"]

# Seconds in these tests are those of an idle machine, multiplied by this for a busy or a slow one;
# `make soak` sets 1, to test what docs/faults.md promises.
SLACK: Final = float(os.environ.get("FRAUDWATCH_TEST_SLACK", "6"))
# Several times those of the longest test, so that a run with one that hangs says which it is.
_TEST_SECONDS: Final = 1_200
_COMMAND_SECONDS: Final = 600
# A long test at the end leaves the other workers idle.
_LONGEST_FIRST: Final = (
    "faults",
    "test_docs",
    "test_features",
    "test_many",
    "security",
    "test_leader",
    "test_kafka_as_it_is",
    "test_arrivals",
    "test_kafka_versions",
    "test_console",
    "test_verify_outcomes",
    "test_transactions",
    "test_stack",
    "test_own_features",
)


# First, since xdist reads the groups in its own hook.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the end-to-end tests; those that share a stack stay together, the longest run first."""
    groups: dict[str, str] = {}
    for item in items:
        if "e2e" in item.path.parts:
            item.add_marker("e2e")
            item.add_marker(pytest.mark.timeout(_TEST_SECONDS), append=False)
            folder = item.path.parent.name
            group = item.path.stem if folder == "e2e" else folder
            item.add_marker(pytest.mark.xdist_group(group))
            groups[item.nodeid] = group
    last = len(_LONGEST_FIRST)
    order = {group: number for number, group in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(groups.get(item.nodeid, ""), last))


def stack_environment(state_dir: Path) -> dict[str, str]:
    """Variables for a separate stack: another state directory, and unused ports."""
    return {
        "FRAUDWATCH_STATE_DIR": str(state_dir),
        "FRAUDWATCH_KAFKA_PORT": "0",
        "FRAUDWATCH_FLINK_PORT": "0",
        # It takes a part of the machine, and proves what a test wants to prove.
        "FRAUDWATCH_PROVE_ALWAYS": "false",
    }


def stack_processes(settings: Settings) -> list[psutil.Process]:
    """The supervisor and all its child processes."""
    with Control(settings.state_dir) as control:
        supervisor = psutil.Process(control.ask(GetReport(), Report).pid)
    return [supervisor, *supervisor.children(recursive=True)]


def stopping(settings: Settings) -> bool:
    """Whether the stack is stopping."""
    with Control(settings.state_dir) as control:
        return control.ask(GetReport(), Report).stopping


def assert_ended(processes: list[psutil.Process], patience: float) -> None:
    """None of these processes is left after `patience` seconds of an idle machine."""
    wait_until(lambda: not any(map(runs, processes)), patience, f"the end of {processes}")


def wait_until(condition: Callable[[], object], patience: float, what: str) -> None:
    """Wait for a condition, at most `patience` seconds of an idle machine."""
    deadline = time.monotonic() + patience * SLACK
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience * SLACK:.0f} s for {what}"
        time.sleep(0.05)


def assert_right(parity: Parity, *, of: int) -> None:
    """This many transactions were read, none of them late, and every result is right."""
    assert parity.transactions == of
    assert parity.proved, parity
    assert (parity.unread, parity.late) == (0, 0)
    assert parity.equal > 0


def assert_nothing_wrong(parity: Parity, *, outage: bool = False) -> None:
    """All final results are proved; there may be no closed window yet.

    Args:
        parity: The result of `verify`.
        outage: Whether Kafka was away meanwhile. If for longer than the idle timeout, as on a slow
            machine, the first partition to come back moves the watermark alone; which records of
            the others were late then depends on an order that is not recorded.
    """
    order_unknown = outage and parity.undecided > 0 and parity.equal > 0
    assert parity.outcome is not Outcome.WRONG, parity
    assert parity.proved or parity.waiting == parity.expected or order_unknown, parity


def in_order(bootstrap: str) -> dict[str, object]:
    """Settings of a producer whose records stay in order when the broker has it try again."""
    return {"bootstrap.servers": bootstrap, "enable.idempotence": True}


def own_features(runtime: Runtime) -> list[Feature]:
    """The features of a profile's own files."""
    return [each for each in runtime.features if each not in BUILT_IN and not each.on_request]


def running(status: StackStatus) -> dict[str, str]:
    """The ids of the running jobs, by name."""
    return {job.name: job.job_id for job in status.jobs if job.state is JobState.RUNNING}


def command(settings: Settings, variables: Mapping[str, str] = MappingProxyType({})) -> Run:
    """Return a function that runs `fraudwatch` against the stack of these settings.

    Its `given` is the text on standard input.
    """
    environment = {**os.environ, **stack_environment(settings.state_dir), **variables}

    def run(*arguments: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [Path(sys.executable).parent / "fraudwatch", *arguments],
            env=environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=_COMMAND_SECONDS,
            check=False,
        )

    return run


@pytest.fixture(scope="session", autouse=True)
def _java() -> Iterator[None]:
    """Use only the first compiler: in a JVM that lives for a minute, the second costs too much."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
        yield


@pytest.fixture(scope="session", autouse=True)
def _jars() -> None:
    """Download the jars once for all workers."""
    settings = config.load(environment={})
    with private_file.locked(settings.jars_dir.parent / "tests"):
        jars.fetch(jars.manifest().jars, settings.jars_dir)


@pytest.fixture(scope="session")
def stack_settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    # Kafka, Flink and what is written beside them keep to the name that was given.
    folder = tmp_path_factory.mktemp("stack") / "Zustände 東 %20 #"
    return config.load(environment=stack_environment(folder))


@pytest.fixture(scope="session")
def running_stack(stack_settings: Settings) -> Iterator[Runtime]:
    runtime = Runtime(stack_settings)
    runtime.bring_up(simulator=False, jobs=False)
    processes = stack_processes(stack_settings)
    yield runtime
    runtime.close()
    assert_ended(processes, patience=15)


@pytest.fixture
def stack(running_stack: Runtime) -> Iterator[Runtime]:
    """The stack of this run with empty topics and without jobs."""
    yield emptied(running_stack)
    # The next tests need the processor time of these jobs.
    cancel_all(running_stack)


def emptied(stack: Runtime) -> Runtime:
    """The same stack with empty topics and without jobs."""
    # Jobs first: `fresh` restarts the running ones.
    cancel_all(stack)
    stack.fresh()
    # A TaskManager frees slots a moment after their job has ended.
    wait_until(lambda: _all_free(stack.status().slots), 30, "the jobs' slots")
    return stack


def cancel_all(stack: Runtime) -> None:
    """Cancel every job of the cluster, also those of others."""
    rest = FlinkRest(FlinkSettings(rest=stack.status().rest))
    with closing(rest), ThreadPoolExecutor(8) as pool:
        running = [job.id for job in rest.jobs() if job.state not in TERMINAL]
        assert len(list(pool.map(rest.cancel, running))) == len(running)


def _all_free(slots: Slots) -> bool:
    return slots.free == slots.total > 0


@pytest.fixture(scope="session")
def fraudwatch(running_stack: Runtime, stack_settings: Settings) -> Run:
    """Runs `fraudwatch` against the stack of this run in its current state."""
    return command(stack_settings)
