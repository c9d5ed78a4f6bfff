"""What is kept of a verification, and that its result does not depend on that."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import features
from pipeline.config import KafkaSettings
from pipeline.errors import UnansweredError
from pipeline.model import JobState, JobStatus
from pipeline.proof import Outcome, Proof, Proofs
from pipeline.stack import verification

FOUND = Proof(outcome=Outcome.PROVED, rows=7, wrong=0, at=1.0)
ROLLING = features.BUILT_IN[0]


def verified(
    monkeypatch: pytest.MonkeyPatch, file: Path, runs: Iterator[str | Exception]
) -> tuple[Any, Proof]:
    """Verify a job whose run is one after the other of these."""

    def statuses(_: object) -> tuple[JobStatus, ...]:
        run = next(runs)
        if isinstance(run, Exception):
            raise run
        return (JobStatus("rolling", JobState.RUNNING, "topic", run=run),)

    def as_proof(*, at: float, run: str) -> Proof:
        return Proof(outcome=FOUND.outcome, rows=FOUND.rows, wrong=0, at=FOUND.at, run=run)

    endpoints = SimpleNamespace(kafka=KafkaSettings(bootstrap="kafka:9092"), flink=None)
    stack: Any = SimpleNamespace(
        endpoints=lambda: endpoints,
        jobs=lambda _: SimpleNamespace(statuses=statuses),
        rest=lambda _: None,
    )
    parity = SimpleNamespace(as_proof=as_proof)
    monkeypatch.setattr(verification, "verify", lambda *_, **__: parity)
    return verification.verified(ROLLING, stack, Proofs(file), lambda _: None)


@pytest.mark.parametrize(
    ("after", "kept"),
    [("a@1", "a@1"), ("a@2", ""), ("", ""), (UnansweredError("Flink does not answer."), "")],
)
def test_only_the_run_that_was_compared_as_a_whole_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, after: str | Exception, kept: str
) -> None:
    _, proof = verified(monkeypatch, tmp_path / "proofs.json", iter(["a@1", after]))
    assert proof.run == kept
    assert Proofs(tmp_path / "proofs.json").last() == {"rolling": proof}


def test_a_result_that_cannot_be_kept_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    _, proof = verified(monkeypatch, tmp_path / "file" / "proofs.json", iter(["a@1", "a@1"]))
    assert proof.rows == 7
    assert "the proof of rolling is not kept" in caplog.text
