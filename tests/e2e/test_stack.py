"""The local stack as a whole: its sockets, its connections, its end, its next start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from pipeline import config, features
from pipeline.config import Settings
from pipeline.errors import UnavailableError
from pipeline.model.jobs import JobState
from pipeline.model.stack import Health
from pipeline.stack.local.control import socket_path
from pipeline.stack.runtime import Runtime

from .conftest import (
    assert_ended,
    command,
    stack_environment,
    stack_processes,
    stopping,
    wait_until,
)


def test_it_is_the_users_alone(stack: Runtime, stack_settings: Settings) -> None:
    """It listens on loopback only, and other users cannot read its control socket and its state.

    Nor is anything written elsewhere, although the name of the state directory is no plain one.
    """
    stack.start_job("flagged")
    stack.stop_job("flagged")
    stack.start_job("rolling")
    listening = {
        connection.laddr.ip
        for process in stack_processes(stack_settings)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}

    assert socket_path(stack_settings.state_dir).stat().st_mode & 0o077 == 0
    files = list(stack_settings.state_dir.rglob("*"))
    parts = {path.relative_to(stack_settings.state_dir).parts[0] for path in files}
    assert {"jobs.json", "logs", "kafka", "savepoints"} <= parts
    assert list((stack_settings.state_dir / "kafka" / "data").glob("transaction-*"))
    counters = {file.name for file in Path(tempfile.gettempdir()).glob("hsperfdata_*/*")}
    assert counters.isdisjoint(str(process.pid) for process in stack_processes(stack_settings))
    # Under a wrongly read or escaped name there would be another folder beside it.
    beside = stack_settings.state_dir.parent.iterdir()
    assert list(beside) == [stack_settings.state_dir]
    open_to_others = [
        path for path in files if path.lstat().st_mode & 0o077 and not path.is_symlink()
    ]
    assert open_to_others == []


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a stack that the test starts; it is stopped in any case."""
    settings = config.load(environment=stack_environment(tmp_path))
    yield settings
    Runtime(settings).down()


def test_ends_and_starts_carry_on_where_the_last_stack_was(own_stack: Settings) -> None:
    first = Runtime(own_stack)
    first.bring_up(simulator=False)
    processes = stack_processes(own_stack)
    run = command(own_stack)

    # A start while the former stack is ending gets a new one, which stays.
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(first.close)
        wait_until(lambda: stopping(own_stack), 5, "the stack to begin to stop")
        up = run("up", "--no-simulator")
        closing.result()
    assert up.returncode == 0, up.stderr
    assert_ended(processes, patience=1)
    jobs = json.loads(run("jobs", "--json").stdout)
    assert [job["state"] for job in jobs] == [JobState.RUNNING] * len(features.BUILT_IN)

    # `down` ends every process.
    processes = stack_processes(own_stack)
    stopped = run("stop", "tumbling")
    assert stopped.returncode == 0, stopped.stderr
    down = run("down")
    assert down.returncode == 0, down.stderr
    assert_ended(processes, patience=1)
    assert not list(own_stack.state_dir.glob("*/tmp")), "temporary files are left"
    status = run("status", "--json")
    assert status.returncode == 3
    assert json.loads(status.stdout)["kafka"]["up"] is False

    # The next `up` resumes the jobs.
    assert run("up", "--no-simulator").returncode == 0
    processes = stack_processes(own_stack)
    named = {job["name"]: job for job in json.loads(run("jobs", "--json").stdout)}
    assert named["rolling"]["state"] == JobState.RUNNING
    assert named["flagged"]["state"] == JobState.RUNNING
    # A job that was stopped by a command stays stopped.
    assert named["tumbling"]["state"] == JobState.STOPPED
    assert named["tumbling"]["savepoint"]
    run("down")
    assert_ended(processes, patience=1)


HOLDER = """
import sys
from pipeline import config
from pipeline.stack.runtime import Runtime
runtime = Runtime(config.load())
runtime.bring_up(simulator=True, jobs=False)
print("up", flush=True)
sys.stdin.read()
"""


@contextmanager
def holder(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """A process that has started the stack, or holds a connection to the running one."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env={**os.environ, **stack_environment(settings.state_dir)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"up\n"
            yield process
        finally:
            process.kill()


def test_nothing_outlives_whoever_started_it(own_stack: Settings) -> None:
    """However the processes that hold it end, the stack runs until the last has ended."""
    with holder(own_stack) as first, holder(own_stack) as second, holder(own_stack) as last:
        processes = stack_processes(own_stack)
        assert len(processes) >= 4  # The supervisor, Kafka, Flink, the simulator.
        for each, how in ((first, signal.SIGHUP), (second, signal.SIGTERM)):
            each.send_signal(how)
            each.wait(60)
            assert not stopping(own_stack)
        last.send_signal(signal.SIGKILL)
        assert_ended(processes, patience=15)


def test_after_a_failed_start_and_a_crash_it_can_be_started_again(
    own_stack: Settings, stack: Runtime
) -> None:
    taken = stack.bootstrap.rpartition(":")[2]
    environment = stack_environment(own_stack.state_dir) | {"FRAUDWATCH_KAFKA_PORT": taken}
    spoiled = own_stack.state_dir / "kafka" / "data" / "meta.properties"
    spoiled.parent.mkdir(parents=True)
    spoiled.write_text("version=99\n")
    runtime = Runtime(config.load(environment=environment))
    with pytest.raises(UnavailableError, match="Kafka broker does not start"):
        runtime.bring_up(simulator=False, jobs=False)
    # No process is left.
    with pytest.raises(UnavailableError, match="not running"):
        stack_processes(own_stack)

    # It does not use a port that is taken.
    spoiled.unlink()
    runtime.bring_up(jobs=False)
    assert runtime.status().kafka is Health.UP
    assert runtime.bootstrap not in ("", stack.bootstrap)

    # The supervisor's death ends every process.
    processes = stack_processes(own_stack)
    processes[0].kill()
    assert_ended(processes, patience=15)
    # The next start succeeds in spite of the remaining files.
    again = Runtime(own_stack)
    again.bring_up(simulator=False, jobs=False)
    assert again.status().kafka is Health.UP
    again.close()
    runtime.close()
