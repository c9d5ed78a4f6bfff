"""A savepoint that takes longer than any command would wait for something else."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from pipeline.config import Settings
from pipeline.flink import rest
from pipeline.model.jobs import JobState
from pipeline.stack.local.control import Control, GetReport, Report
from pipeline.stack.runtime import Runtime

from .conftest import wait_until
from .test_transactions import generated, send

# The clock of what waits for Flink: the minutes of a slow savepoint pass in seconds.
FAST = 60.0
LONG = 180.0


def test_a_savepoint_that_takes_minutes_is_waited_for_and_resumed(
    stack: Runtime, stack_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While its broker is suspended, a job ends only after its consumer has given up on it."""
    stack.start_job("rolling")
    send(stack, generated(800))
    assert stack.verify("rolling").proved
    with Control(stack_settings.state_dir) as control:
        report = control.ask(GetReport(), Report)
    (pid,) = (process.pid for process in report.processes if process.name == "kafka")

    fast = SimpleNamespace(monotonic=lambda: FAST * time.monotonic(), sleep=time.sleep)
    monkeypatch.setattr(rest, "time", fast)
    steps: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        os.kill(pid, signal.SIGSTOP)
        try:
            stopped = pool.submit(stack.stop_job, "rolling", steps.append)
            wait_until(lambda: steps, 30, "the request for a savepoint")
            began = fast.monotonic()
            wait_until(lambda: fast.monotonic() > began + LONG, 30, "minutes to pass")
            assert not stopped.done(), "the savepoint was not slow"
        finally:
            os.kill(pid, signal.SIGCONT)
        status = stopped.result(300)
    assert status.state is JobState.STOPPED
    (point,) = stack.job_detail("rolling").restore_points
    assert (point.kind, point.resumes) == ("savepoint", True)

    again: list[str] = []
    stack.start_job("rolling", again.append)
    assert "starting from its savepoint" in again
    parity = stack.verify("rolling")
    assert parity.proved, parity
    assert parity.transactions == 800
