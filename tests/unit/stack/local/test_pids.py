"""Processes that a crash left behind are ended; another process with the same pid is not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from pipeline.stack.local.pids import PidFile


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE
    )
    yield process
    process.kill()
    process.communicate()


def test_left_overs_are_ended(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    path = tmp_path / "pids.json"
    PidFile(path).note("kafka", process.pid)
    assert path.stat().st_mode & 0o777 == 0o600
    PidFile(path).end_leftovers()
    assert not psutil.pid_exists(process.pid)
    assert not path.exists()


def test_a_process_that_only_has_the_pid_is_left_alone(
    tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    path = tmp_path / "pids.json"
    path.write_text(json.dumps({"kafka": {"pid": process.pid, "created_at": 12345.0}}))
    PidFile(path).end_leftovers()
    assert psutil.Process(process.pid).is_running()
    assert process.poll() is None


def test_an_orderly_end_leaves_nothing(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    path = tmp_path / "pids.json"
    pids = PidFile(path)
    pids.note("kafka", process.pid)
    pids.clear()
    assert not path.exists()
    PidFile(path).end_leftovers()
    assert process.poll() is None


def test_half_a_file_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "pids.json"
    path.write_text('{"kafka": {"pid": 1')
    PidFile(path).end_leftovers()
