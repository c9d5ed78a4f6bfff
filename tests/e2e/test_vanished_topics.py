"""Somebody deletes topics that jobs read and write, and does not create them again."""

from __future__ import annotations

from typing import Final

from pipeline.config import Settings
from pipeline.kafka import topics
from pipeline.model import SimulatorCommand
from pipeline.proof import Outcome
from pipeline.stack.runtime import Runtime

from .conftest import assert_right, running, wait_until

JOB: Final = "rolling"
SOURCE: Final = "transaction"
SINK: Final = "user_trans_amt_last_360min"


def records(runtime: Runtime, topic: str) -> int:
    held = {info.name: info.offsets for info in topics.list_topics(runtime.kafka)}
    return held.get(topic) or 0


def test_a_sandbox_creates_them_again(stack: Runtime, stack_settings: Settings) -> None:
    stack.start_job(JOB)
    stack.simulate(SimulatorCommand(running=True, rate=200))
    try:
        wait_until(lambda: records(stack, SINK) > 500, 60, "results")
        topics.delete_topics(stack.kafka, [SOURCE, SINK])
        wait_until(lambda: records(stack, SOURCE), 60, "transactions again")
        wait_until(lambda: records(stack, SINK) > 200, 150, "results again")
        wait_until(lambda: JOB in running(stack.status()), 30, "the job")
    finally:
        stack.simulate(SimulatorCommand(running=False))
    log = (stack_settings.logs_dir / "supervisor.log").read_text()
    assert f"created again: {SOURCE}, {SINK}\n" in log
    width = {info.name: info.width for info in topics.list_topics(stack.kafka)}
    assert width[SOURCE] == width[SINK] == stack_settings.kafka.partitions
    parity = stack.verify(JOB)
    # The job's state is of transactions that are gone: the feature is not to blame.
    assert parity.different + parity.missing > 0
    assert parity.outcome is Outcome.NOT_JUDGED
    assert f"{SOURCE} and {SINK} were deleted and created again" in parity.reasons[0]

    stack.stop_job(JOB, discard=True)
    topics.delete_topics(stack.kafka, [SINK])
    stack.start_job(JOB)
    assert_right(stack.verify(JOB), of=records(stack, SOURCE))
