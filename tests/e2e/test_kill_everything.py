"""Everything is killed at once and leaves damaged files: the next start recovers."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import msgspec
import psutil
import pytest

from pipeline import config
from pipeline.config import FlinkSettings
from pipeline.flink.rest import FlinkRest
from pipeline.model.jobs import JobState
from pipeline.model.simulator import SimulatorCommand
from pipeline.stack.local.control import Control, GetReport, Report
from pipeline.stack.runtime import Runtime

from .conftest import (
    assert_ended,
    assert_nothing_wrong,
    stack_environment,
    stack_processes,
    wait_until,
)


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """An unrelated process, which waits for its input."""
    process = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


@contextmanager
def listener(port: int) -> Iterator[None]:
    """Listens on a port as soon as the killed processes have released it."""
    taken: list[socket.socket] = []

    def listens() -> bool:
        with suppress(OSError):
            taken.append(socket.create_server(("127.0.0.1", port)))
        return bool(taken)

    wait_until(listens, 60, "the port to be free")
    with taken[0]:
        yield


def sent(state_dir: Path) -> int:
    with Control(state_dir) as control:
        return control.ask(GetReport(), Report).simulator.sent


def take_checkpoints(runtime: Runtime) -> None:
    """Make every job take a checkpoint now."""
    status = runtime.status()
    with closing(FlinkRest(FlinkSettings(rest=status.rest))) as rest:
        for job in status.jobs:
            rest.checkpoint(job.job_id)


def test_recovers_from_everything_being_killed(
    tmp_path: Path, stranger: subprocess.Popen[bytes]
) -> None:
    environment = stack_environment(tmp_path)
    settings = config.load(environment=environment)
    first = Runtime(settings)
    first.bring_up(stay=True)
    wait_until(lambda: sent(tmp_path) > 500, 60, "transactions")
    take_checkpoints(first)
    assert len(list(settings.checkpoints_dir.glob("*/chk-*"))) >= 5
    taken = int(first.bootstrap.rpartition(":")[2])
    processes = stack_processes(settings)
    for process in processes:
        # The kernel ends the supervisor's children with it.
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert_ended(processes, patience=10)
    first.close()

    # Files that were being written, and a pid that now belongs to an unrelated process.
    (tmp_path / "jobs.partial").write_text('{"rolling": {"wan')
    (tmp_path / "pids.partial").write_text("{")
    pids = tmp_path / "pids.json"
    noted = msgspec.json.decode(pids.read_bytes())
    noted["kafka"]["pid"] = stranger.pid
    pids.write_bytes(msgspec.json.encode(noted))

    with listener(taken):
        again = Runtime(
            config.load(environment=environment | {"FRAUDWATCH_KAFKA_PORT": str(taken)})
        )
        try:
            again.bring_up(simulator=False)
            assert again.bootstrap not in ("", f"127.0.0.1:{taken}")
            assert stranger.poll() is None, "an unrelated process was killed"
            jobs = again.status().jobs
            assert [job.state for job in jobs] == [JobState.RUNNING] * len(jobs)
            again.simulate(SimulatorCommand(running=False))
            for job in jobs:
                parity = again.verify(job.name)
                assert_nothing_wrong(parity, outage=True)
                assert parity.unread == 0, parity
            assert again.verify("rolling").expected > 0
        finally:
            again.down()
            again.close()
