"""Processes of the stack are killed or stalled: jobs run again, and nothing is lost."""

from __future__ import annotations

import os
import signal

import pytest

from pipeline.errors import PipelineError
from pipeline.flink.submission import Submission
from pipeline.model.stack import Health
from pipeline.stack.local.control import Control, Submit, SubmitAnswer

from ..conftest import wait_until
from .conftest import Patient

RECOVERY_SECONDS = 30
STALL_SECONDS = 20
# The planner evaluates constants, here a text larger than the heap.
OUT_OF_MEMORY = Submission(
    (
        "CREATE TEMPORARY TABLE numbers (n INT) WITH ('connector' = 'datagen')",
        "CREATE TEMPORARY TABLE nowhere (t STRING) WITH ('connector' = 'blackhole')",
        "INSERT INTO nowhere SELECT REPEAT('x', 2000000000) FROM numbers",
    ),
    {},
)


def test_broker_is_killed(patient: Patient) -> None:
    os.kill(patient.pid("kafka"), signal.SIGKILL)
    patient.terminal.wait_for("kafka not reachable", 20)
    wait_until(lambda: patient.report.up, 30, "the broker")
    patient.assert_recovers(RECOVERY_SECONDS)
    patient.assert_right()


def test_flink_is_killed(patient: Patient) -> None:
    before = {job.name: job.job_id for job in patient.runtime.status().jobs}
    os.kill(patient.pid("flink"), signal.SIGKILL)
    patient.terminal.wait_for("flink not reachable", 60)
    wait_until(lambda: patient.report.up, 120, "Flink")
    patient.assert_recovers(RECOVERY_SECONDS)
    after = {job.name: job.job_id for job in patient.runtime.status().jobs}
    assert not set(before.values()) & set(after.values()), "these are not new runs"
    patient.assert_right()


def test_a_plan_runs_out_of_memory(patient: Patient) -> None:
    before = patient.pid("flink")
    with (
        pytest.raises(PipelineError, match="ended or did not answer"),
        Control(patient.settings.state_dir) as control,
    ):
        control.ask(Submit(OUT_OF_MEMORY), SubmitAnswer, timeout=300)
    wait_until(lambda: patient.pid("flink") != before, 120, "another Flink")
    wait_until(lambda: patient.report.up, 120, "Flink")
    patient.assert_recovers(RECOVERY_SECONDS)
    patient.assert_right()


def test_broker_stalls(patient: Patient) -> None:
    pid = patient.pid("kafka")
    os.kill(pid, signal.SIGSTOP)
    try:
        patient.terminal.wait_for(r"kafka not reachable|last record \d+ s ago", STALL_SECONDS)
        patient.terminal.drain(STALL_SECONDS / 2)
    finally:
        os.kill(pid, signal.SIGCONT)
    patient.assert_recovers(RECOVERY_SECONDS)
    patient.assert_right()


def test_simulator_is_killed(patient: Patient) -> None:
    before = patient.pid("simulator")
    os.kill(before, signal.SIGKILL)
    wait_until(lambda: patient.pid("simulator") != before, 30, "another simulator")
    wait_until(lambda: patient.report.simulator.up, 30, "the simulator")
    patient.assert_recovers(RECOVERY_SECONDS)
    assert patient.runtime.status().kafka is Health.UP
    patient.assert_right()
