"""State belongs to the SQL that produced it: a changed job does not resume without a question."""

from __future__ import annotations

from typing import Final

import httpx
import pytest

from pipeline.config import Settings
from pipeline.errors import ChangedError
from pipeline.flink.definition import Definition
from pipeline.flink.journal import Journal
from pipeline.model.jobs import JobState, Resume
from pipeline.stack.runtime import Runtime

from .conftest import Run

NAME: Final = "flagged"
# The former feature: only this part of Flink's plan differs from the present one.
EARLIER: Final = ("`t0`.`is_fraud` = 1", "`t0`.`is_fraud` = 1 AND `t0`.`amt` > 4321")


@pytest.fixture
def changed(stack: Runtime, stack_settings: Settings) -> Journal:
    """The feature has another SQL now than when its savepoint was taken."""
    stack.start_job(NAME)
    stack.stop_job(NAME)
    journal = Journal(stack_settings.state_dir / "jobs.json")
    now = journal.entry(NAME).definition
    assert now is not None
    before = Definition(tuple(text.replace(*EARLIER) for text in now.statements))
    assert before != now
    journal.update(NAME, definition=before)
    return journal


def plan(stack: Runtime, job_id: str) -> str:
    return httpx.get(f"{stack.status().rest}/jobs/{job_id}/plan", trust_env=False).text


def test_a_changed_job_is_refused_then_runs_as_before_then_fresh(
    changed: Journal, stack: Runtime, fraudwatch: Run
) -> None:
    # It is refused, and its state stays.
    with pytest.raises(ChangedError, match="flagged has changed since its savepoint of 20"):
        stack.start_job(NAME)
    assert changed.entry(NAME).savepoints
    done = fraudwatch("start", NAME)
    assert done.returncode == ChangedError.exit_code
    assert "--fresh" in done.stderr
    assert "--as-before" in done.stderr
    assert fraudwatch("start", NAME, "--fresh", "--as-before").returncode == 2

    # It runs as before, from its state.
    steps: list[str] = []
    status = stack.start_job(NAME, steps.append, resume=Resume.AS_BEFORE)
    assert status.state is JobState.RUNNING
    assert any("savepoint" in step for step in steps), steps
    assert "4321" in plan(stack, status.job_id)
    # It is still not the present feature, so the next start asks again.
    stack.stop_job(NAME)
    with pytest.raises(ChangedError):
        stack.start_job(NAME)

    # It starts fresh, and what was found of it before is forgotten.
    stack.verify(NAME)
    assert stack.findings(NAME) is not None
    steps.clear()
    status = stack.start_job(NAME, steps.append, resume=Resume.FRESH)
    assert stack.findings(NAME) is None
    assert stack.proofs.last().get(NAME) is None
    assert "starting without state" in steps
    assert "4321" not in plan(stack, status.job_id)
    stack.stop_job(NAME)
    assert stack.start_job(NAME).state is JobState.RUNNING
