"""Proofs of running jobs: kept, shown with the status, past after a restart."""

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path

import psutil
import pytest
from confluent_kafka import Producer

from pipeline import contract
from pipeline.config import Settings
from pipeline.errors import JobError, PipelineError
from pipeline.kafka.read_to_end import read_to_end
from pipeline.model.jobs import JobStatus
from pipeline.model.simulator import SimulatorCommand
from pipeline.proof import Outcome, Proof
from pipeline.stack import prover
from pipeline.stack.runtime import Runtime

from ..running import with_command
from .conftest import Run, wait_until

FILE = "kaggle-layout-60-customers.csv.gz"
TRANSACTIONS = 9_318


class Closed(Exception):
    """The console is closed while it waits."""


@pytest.fixture
def proved(stack: Runtime, fraudwatch: Run, sample_data: Path) -> Callable[[], JobStatus]:
    """A job that has read a file; returns its status."""
    assert fraudwatch("replay", str(sample_data / FILE)).returncode == 0
    stack.start_job("rolling")

    def status() -> JobStatus:
        return next(job for job in stack.status().jobs if job.name == "rolling")

    assert status().proof is None
    return status


def test_a_proof_is_kept_until_the_job_restarts(
    proved: Callable[[], JobStatus], stack: Runtime, stack_settings: Settings, fraudwatch: Run
) -> None:
    said: list[str] = []
    found = stack.prove("rolling", said.append)
    assert found.outcome is Outcome.PROVED, found
    assert 0 < found.rows <= TRANSACTIONS
    assert any("reading transactions" in text for text in said)
    assert proved().proof == found
    findings = stack.findings("rolling")
    assert findings is not None and (findings.at, findings.run) == (found.at, found.run)
    assert findings.timeliness is not None and findings.timeliness.rows > found.rows / 2
    assert not proved().proof_is_past
    assert not list((stack_settings.state_dir / "proving").iterdir()), "no temporary file is left"
    (shown,) = (
        job for job in json.loads(fraudwatch("jobs", "--json").stdout) if job["name"] == "rolling"
    )
    assert (shown["proof"]["outcome"], shown["proof"]["rows"]) == ("proved", found.rows)
    assert not shown["proof"]["restarted_since"]

    stack.stop_job("rolling")
    stack.start_job("rolling")
    assert proved().proof_is_past
    assert "not since it restarted" in fraudwatch("jobs").stdout

    assert fraudwatch("verify", "rolling").returncode == 0
    assert not proved().proof_is_past, "the command proves, too"
    stack.stop_job("rolling", discard=True)
    assert proved().proof is None
    assert stack.findings("rolling") is None


def test_a_proof_that_cannot_be_had_says_why(stack: Runtime) -> None:
    with pytest.raises(PipelineError) as raised:
        stack.prove("nothing")
    with pytest.raises(JobError) as directly:
        stack.verify("nothing")
    assert str(raised.value) == str(directly.value)


def test_the_process_ends_with_its_caller(
    proved: Callable[[], JobStatus], stack_settings: Settings
) -> None:
    """A console that is closed, or killed, leaves no process behind."""
    ended: list[int] = []

    def close(text: str) -> None:
        (process,) = with_command(psutil.Process().children(), f"{prover.__name__}_process")
        ended.append(process.pid)
        raise Closed

    with pytest.raises(Closed):
        prover.prove(stack_settings, "rolling", close)
    wait_until(lambda: not psutil.pid_exists(ended[0]), 15, "the end of the process")
    assert not list((stack_settings.state_dir / "proving").iterdir())


class Enough(Exception):
    """The console has seen what it waited for."""


def test_rows_are_proved_as_they_become_final(
    proved: Callable[[], JobStatus], stack: Runtime, stack_settings: Settings
) -> None:
    """One process, to which a test listens until something is so."""

    def until(holds: Callable[[Proof], bool]) -> Proof:
        def look(_: str) -> None:
            proof = proved().proof
            if proof is not None and holds(proof):
                raise Enough

        with pytest.raises(Enough):
            prover.prove_on(stack_settings, look)
        proof = proved().proof
        assert proof is not None
        return proof

    # First the comparison of all rows, which waits for Flink's metrics: until then, its watermark
    # may be a second behind.
    whole = stack.prove("rolling")
    assert whole.outcome is Outcome.PROVED
    running = until(lambda proof: proof.behind == 0 and proof.at > whole.at)
    assert running.outcome is Outcome.PROVED
    # As many rows as that finds right, less those of the watermark's moment.
    assert TRANSACTIONS / 2 < running.rows <= whole.rows <= running.rows + 5
    assert not list((stack_settings.state_dir / "proving-on").iterdir()), "no file is left"

    # A row of nobody among new ones.
    sink = stack.kafka.topic(stack.features.find(["rolling"])[0].topic)
    records = chain.from_iterable(read_to_end(stack.kafka, sink))
    row = json.loads(next(iter(records)).value or b"")
    newest = stack.watermark("rolling")
    assert newest is not None
    stray = row | {"user_id": 99, contract.TIME_COLUMN: newest.isoformat(" ", "seconds")}
    producer = Producer({"bootstrap.servers": stack.kafka.bootstrap})
    producer.produce(sink, json.dumps(stray).encode())
    assert producer.flush(60) == 0
    stack.simulate(SimulatorCommand(running=True, rate=20, speed=60))
    wrong = until(lambda proof: proof.outcome is Outcome.WRONG)
    assert wrong.wrong == 1
    findings = stack.findings("rolling")
    assert findings is not None and [each.kind for each in findings.rows if each.kind.wrong] == [
        "not expected"
    ]
