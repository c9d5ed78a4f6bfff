"""The local stack as a whole: its sockets, its leases, its end, its next start."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from pipeline import config, features
from pipeline.config import Settings
from pipeline.errors import UnavailableError
from pipeline.local.control import Control, GetReport, Report, socket_path
from pipeline.model import Health, JobState
from pipeline.runtime import Runtime

from .conftest import assert_ended, command, stack_environment, stack_processes, wait_until


def test_listens_on_loopback_only(stack: Runtime, stack_settings: Settings) -> None:
    stack.start_job("flagged")
    listening = {
        connection.laddr.ip
        for process in stack_processes(stack_settings)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening
    assert listening <= {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_control_socket_and_state_are_the_users_only(
    stack: Runtime, stack_settings: Settings
) -> None:
    stack.start_job("flagged")
    stack.stop_job("flagged")
    stack.start_job("rolling")
    assert socket_path(stack_settings.state_dir).stat().st_mode & 0o077 == 0
    files = list(stack_settings.state_dir.rglob("*"))
    parts = {path.relative_to(stack_settings.state_dir).parts[0] for path in files}
    assert {"jobs.json", "logs", "kafka", "savepoints"} <= parts
    open_to_others = [
        path for path in files if path.lstat().st_mode & 0o077 and not path.is_symlink()
    ]
    assert open_to_others == []


def test_a_taken_port_is_avoided(tmp_path: Path, stack: Runtime) -> None:
    taken = stack.status().bootstrap.rpartition(":")[2]
    environment = stack_environment(tmp_path) | {"FRAUDWATCH_KAFKA_PORT": taken}
    other = Runtime(config.load(environment=environment))
    try:
        other.bring_up(simulator=False, jobs=False)
        assert other.bootstrap not in ("", stack.bootstrap)
        assert other.status().kafka is Health.UP
    finally:
        other.close()


@pytest.fixture
def own_stack(tmp_path: Path) -> Iterator[Settings]:
    """Settings of a stack that the test starts with `up`; brought down however the test ends."""
    settings = config.load(environment=stack_environment(tmp_path))
    yield settings
    command(settings)("down")


def test_up_stays_down_ends_and_the_next_up_carries_on(own_stack: Settings) -> None:
    run = command(own_stack)
    up = run("up", "--no-simulator")
    assert up.returncode == 0, up.stderr
    first = stack_processes(own_stack)
    stopped = run("stop", "tumbling")
    assert stopped.returncode == 0, stopped.stderr
    down = run("down")
    assert down.returncode == 0, down.stderr
    assert_ended(first, patience=1)

    status = run("status", "--json")
    assert status.returncode == 3
    assert json.loads(status.stdout)["kafka"]["up"] is False

    assert run("up", "--no-simulator").returncode == 0
    second = stack_processes(own_stack)
    jobs = {job["name"]: job for job in json.loads(run("jobs", "--json").stdout)}
    assert jobs["rolling"]["state"] == JobState.RUNNING
    assert jobs["flagged"]["state"] == JobState.RUNNING
    # What was stopped by hand stays stopped.
    assert jobs["tumbling"]["state"] == JobState.STOPPED
    assert jobs["tumbling"]["savepoint"]
    run("down")
    assert_ended(second, patience=1)


HOLDER = """
import sys
from pipeline import config
from pipeline.runtime import Runtime
runtime = Runtime(config.load())
runtime.bring_up(simulator=True, jobs=False)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP])
def test_nothing_outlives_whoever_started_it(tmp_path: Path, how: signal.Signals) -> None:
    environment = stack_environment(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"up\n"
    processes = stack_processes(config.load(environment=environment))
    assert len(processes) >= 6
    holder.send_signal(how)
    holder.communicate(timeout=10)
    assert_ended(processes, patience=15)


def test_a_start_while_the_last_stack_is_ending_gets_a_new_one(tmp_path: Path) -> None:
    settings = config.load(environment=stack_environment(tmp_path))
    first = Runtime(settings)
    first.bring_up(simulator=False)
    processes = stack_processes(settings)
    with ThreadPoolExecutor(1) as pool:
        closing = pool.submit(first.close)
        wait_until(lambda: stopping(settings), 5, "the stack to begin to stop")
        second = Runtime(settings)
        second.bring_up(simulator=False)
        closing.result()
    assert_ended(processes, patience=1)
    assert [job.state for job in second.status().jobs] == [JobState.RUNNING] * len(
        features.BUILT_IN
    )
    second.close()


def stopping(settings: Settings) -> bool:
    with Control(settings.state_dir) as control:
        return control.ask(GetReport(), Report).stopping


def test_the_supervisors_death_takes_everything_along(tmp_path: Path) -> None:
    settings = config.load(environment=stack_environment(tmp_path))
    runtime = Runtime(settings)
    runtime.bring_up(simulator=True, jobs=False)
    processes = stack_processes(settings)
    processes[0].kill()
    assert_ended(processes, patience=15)
    # And the next start is not put off by what is left lying about.
    again = Runtime(settings)
    again.bring_up(simulator=False, jobs=False)
    assert again.status().kafka is Health.UP
    again.close()


def test_a_failed_start_leaves_nothing_and_can_be_tried_again(tmp_path: Path) -> None:
    settings = config.load(environment=stack_environment(tmp_path))
    spoiled = settings.state_dir / "kafka" / "data" / "meta.properties"
    spoiled.parent.mkdir(parents=True)
    spoiled.write_text("version=99\n")
    runtime = Runtime(settings)
    with pytest.raises(UnavailableError, match="Kafka broker does not start"):
        runtime.bring_up(simulator=False, jobs=False)
    with pytest.raises(UnavailableError, match="not running"):
        stack_processes(settings)
    spoiled.unlink()
    runtime.bring_up(simulator=False, jobs=False)
    assert runtime.status().kafka is Health.UP
    runtime.close()
