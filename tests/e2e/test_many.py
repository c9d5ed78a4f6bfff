"""Three brokers, 64 partitions kept three times, three TaskManagers; then two brokers."""

from __future__ import annotations

from pathlib import Path

from pipeline import schema
from pipeline.kafka import topics
from pipeline.model import JobState
from pipeline.oracle.report import Parity
from pipeline.runtime import Runtime

from .conftest import wait_until
from .many import BROKERS, PARALLELISM, PARTITIONS, SLOTS_EACH, TASKMANAGERS, many
from .test_features import FILES, send, transactions

JOBS = ("rolling", "tumbling")


def assert_right(parity: Parity, *, of: int) -> None:
    """Nothing is missing or wrong; what was late says so, and a restart may repeat rows."""
    assert parity.transactions == of
    assert parity.proved, parity
    assert (parity.missing, parity.different, parity.unread) == (0, 0, 0)
    assert parity.equal > 0


def test_features_are_right_beyond_one_machine(tmp_path: Path, sample_data: Path) -> None:
    rows = transactions(sample_data / FILES[1])
    first, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    with many(tmp_path) as company:
        runtime = Runtime(company.settings)
        try:
            runtime.bring_up(simulator=False, jobs=False)
            found = {info.name: info for info in topics.list_topics(runtime.kafka)}
            assert len(found[schema.TRANSACTION_TOPIC].partitions) == PARTITIONS
            for name in JOBS:
                assert runtime.start_job(name).state is JobState.RUNNING
            slots = runtime.status().slots
            assert slots.total == TASKMANAGERS * SLOTS_EACH
            assert slots.free == slots.total - len(JOBS) * PARALLELISM
            send(runtime, first)
            for name in JOBS:
                assert_right(runtime.verify(name), of=len(first))
            lost = company.brokers[BROKERS - 1]
            lost.kill()
            lost.wait()
            send(runtime, second)
            for name in JOBS:
                assert_right(runtime.verify(name), of=len(rows))
            wait_until(
                lambda: (
                    {job.state for job in runtime.status().jobs if job.job_id} == {JobState.RUNNING}
                ),
                60,
                "jobs to run",
            )
            assert len([job for job in runtime.status().jobs if job.job_id]) == len(JOBS)
        finally:
            runtime.close()
