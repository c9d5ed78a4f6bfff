"""A shared cluster: whose jobs are whose, a colleague's state, a slow link."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import msgspec
import pytest

from pipeline import features
from pipeline.config import Settings
from pipeline.flink.state import flink_path
from pipeline.model.jobs import JobState, JobStatus
from pipeline.stack.runtime import Runtime

from .conftest import Run, wait_until
from .proxy import Proxy

NAMES = tuple(feature.name for feature in features.BUILT_IN)
Attach = Callable[..., Runtime]


@pytest.fixture
def attach(stack: Runtime, stack_settings: Settings) -> Iterator[Attach]:
    """Opens other people's profiles on the Kafka and the Flink of this run."""
    opened = []

    def open_profile(
        who: str, own: Mapping[str, object] = MappingProxyType({}), **flink: object
    ) -> Runtime:
        known = {
            "rest": stack.status().rest,
            "savepoints": flink_path(stack_settings.savepoints_dir),
            "checkpoints": flink_path(stack_settings.checkpoints_dir),
        }
        runtime = Runtime(
            msgspec.structs.replace(
                stack_settings,
                profile=who,
                sandbox=False,
                state_dir=stack_settings.state_dir / who,
                kafka=stack.kafka,
                flink=msgspec.structs.replace(stack_settings.flink, **(known | flink)),
                **own,
            )
        )
        opened.append(runtime)
        return runtime

    yield open_profile
    for runtime in opened:
        for job in runtime.status().jobs:
            if job.job_id:
                runtime.stop_job(job.name, discard=True)
        runtime.close()


def job_of(runtime: Runtime, name: str) -> JobStatus:
    return next(job for job in runtime.status().jobs if job.name == name)


def test_other_peoples_jobs_are_shown_and_left_alone(
    stack: Runtime, fraudwatch: Run, attach: Attach
) -> None:
    other = attach("other", job_prefix="other-")
    theirs = other.start_job("flagged")
    stack.start_job("rolling")
    (seen,) = stack.status().others
    assert (seen.name, seen.job_id) == ("other-flagged", theirs.job_id)
    assert [job.name for job in other.status().others] == ["fraudwatch-rolling"]
    status = json.loads(fraudwatch("status", "--json").stdout)
    assert [job["job_id"] for job in status["others"]] == [theirs.job_id]
    assert [job["name"] for job in json.loads(fraudwatch("jobs", "--json").stdout)] == [*NAMES]
    assert "other-flagged" in fraudwatch("jobs").stdout
    stopped = fraudwatch("stop", "--all", "--discard")
    assert stopped.returncode == 0, stopped.stderr
    assert fraudwatch("stop", "other-flagged").returncode != 0
    stack.fresh()
    # It reads the recreated topic, and may have to restart for that.
    wait_until(lambda: job_of(other, "flagged").state is JobState.RUNNING, 60, "their job")
    assert job_of(other, "flagged").job_id == theirs.job_id
    assert not any(job.job_id for job in stack.status().jobs)


def test_a_colleagues_job_is_stopped_and_resumed(stack: Runtime, attach: Attach) -> None:
    """One cluster, two state directories: one user starts a job, the other one resumes it."""
    ours = stack.start_job("flagged")
    colleague = attach("colleague")
    assert job_of(colleague, "flagged").job_id == ours.job_id
    stopped = colleague.stop_job("flagged")
    assert stopped.savepoint
    steps: list[str] = []
    resumed = colleague.start_job("flagged", steps.append)
    assert resumed.state is JobState.RUNNING
    assert "starting from its savepoint" in steps
    # Our stack shows it as running, although it is not the run that we had started.
    assert job_of(stack, "flagged").job_id == resumed.job_id
    assert stack.stop_job("flagged").savepoint
    steps.clear()
    stack.start_job("flagged", steps.append)
    assert "starting from its savepoint" in steps


def test_what_a_colleague_has_stopped_goes_on_from_there(attach: Attach) -> None:
    first, second = attach("first"), attach("second")
    first.start_job("flagged")
    savepoint = second.stop_job("flagged").savepoint
    assert job_of(first, "flagged").state is JobState.STOPPED
    steps: list[str] = []
    first.start_job("flagged", steps.append)
    assert "starting from its savepoint" in steps
    assert savepoint in [state.path for state in second.job_detail("flagged").restore_points]


def test_a_start_fetches_the_connector_where_nothing_was_brought_up(
    attach: Attach, tmp_path: Path
) -> None:
    newcomer = attach("newcomer", {"cache_dir": tmp_path / "cache"})
    steps: list[str] = []
    assert newcomer.start_job("flagged", steps.append).state is JobState.RUNNING
    assert any(step.startswith("fetching Flink's jars: ") for step in steps)


def test_few_requests_follow_one_another_on_a_long_way(stack: Runtime, attach: Attach) -> None:
    stack.start_job("rolling")
    stack.start_job("flagged")
    rest = stack.status().rest
    proxy = Proxy(lambda: rest, delay=0.8)
    try:
        far = attach("far", rest=proxy.address, timeout=60.0)
        proxy.spans.clear()
        far.bring_up(jobs=False)
        assert proxy.in_a_row() == 1
        proxy.spans.clear()
        assert job_of(far, "rolling").state is JobState.RUNNING
        assert proxy.in_a_row() == 2
        wait_until(lambda: far.metrics()["rolling"].records_in is not None, 30, "metrics")
        proxy.spans.clear()
        assert far.metrics().keys() == {"rolling", "flagged"}
        # The list of jobs; their vertices; the names of metrics; the metrics: however many jobs.
        assert proxy.in_a_row() <= 4
        assert len(proxy.spans) > 4
    finally:
        proxy.close()
