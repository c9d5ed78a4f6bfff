"""The leading JobManager dies, and the other one takes its place."""

from __future__ import annotations

from pathlib import Path

from pipeline.model.stack import Health, StackStatus
from pipeline.stack.runtime import Runtime

from .conftest import assert_right, running, wait_until
from .high_availability import highly_available
from .test_features import FILES, send, transactions

JOBS = ("rolling", "flagged")


def test_jobs_go_on_under_another_leader(tmp_path: Path, sample_data: Path) -> None:
    rows = transactions(sample_data / FILES[1])
    first, second = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    with highly_available(tmp_path) as company:
        runtime = Runtime(company.settings)
        try:
            runtime.bring_up(simulator=False, jobs=False)
            send(runtime, first)
            for name in JOBS:
                runtime.start_job(name)
            before = running(runtime.status())
            assert before.keys() == {*JOBS}
            for name in JOBS:
                assert_right(runtime.verify(name), of=len(first))

            company.leader.kill()
            company.leader.wait()
            said: list[StackStatus] = []

            def leaderless() -> bool:
                said.append(runtime.status())
                return said[-1].flink is Health.DOWN

            wait_until(leaderless, 30, "the loss of the leader to be seen")
            (problem,) = said[-1].problems
            assert "has no leader at the moment." in problem
            # Running jobs are not reported as ended while no JobManager answers.
            wait_until(lambda: running(runtime.status()) == before, 60, "the same jobs to run")

            send(runtime, second)
            for name in JOBS:
                assert_right(runtime.verify(name), of=len(rows))
                assert runtime.stop_job(name).savepoint
            steps: list[str] = []
            runtime.start_job("rolling", steps.append)
            assert "starting from its savepoint" in steps
            assert_right(runtime.verify("rolling"), of=len(rows))
        finally:
            runtime.close()
