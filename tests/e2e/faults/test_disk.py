"""The disk that holds the state is full, and then has room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from pipeline import config
from pipeline.stack.runtime import Runtime

from ..conftest import assert_ended, stack_environment, stack_processes, wait_until
from ..test_console import Terminal
from .conftest import Patient

# Kafka preallocates sparse index files of 10 MiB for each partition.
SIZE: Final = "256m"
BLOCK: Final = 1024 * 1024


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A separate file system in memory."""
    directory = tmp_path / "disk"
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "fraudwatch-test", str(directory)]
    try:
        subprocess.run(mount, check=True, capture_output=True, timeout=60)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    yield directory
    subprocess.run(["umount", "--lazy", str(directory)], check=True, timeout=60)


def fill(path: Path) -> None:
    """Fill all the room."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(os.urandom(BLOCK)) == BLOCK:
                pass
        except OSError:
            return


def test_disk_is_full(
    small_disk: Path, round_number: int, record_property: Callable[[str, object], None]
) -> None:
    settings = config.load(environment=stack_environment(small_disk / "state"))
    runtime = Runtime(settings)
    runtime.bring_up(simulator=False)
    processes = stack_processes(settings)
    terminal = Terminal(settings)
    try:
        patient = Patient(settings, runtime, terminal, Random(round_number), record_property)
        patient.assert_well(60)
        patient.simulate(running=True)
        wait_until(lambda: patient.report.simulator.sent > 500, 60, "transactions")
        filler = small_disk / "filler"
        fill(filler)
        wait_until(lambda: not patient.well, 120, "the disk to be missed")
        terminal.wait_for(r"kafka not reachable|restarting|[0-4] of 5 running|no space", 30)
        assert terminal.process.isalive()
        filler.unlink()
        patient.assert_recovers(60)
        patient.have_fraud()
        wait_until(lambda: patient.report.simulator.sent > 2_000, 60, "more transactions")
        patient.assert_right()
    finally:
        terminal.close()
        runtime.close()
        assert_ended(processes, patience=20)
