"""What is kept of a verification, and that its result does not depend on that."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pipeline import features
from pipeline.config import KafkaSettings
from pipeline.errors import InputError, UnansweredError
from pipeline.findings import EVERY_ROW, KeptFindings
from pipeline.model.jobs import JobState, JobStatus
from pipeline.parity.report import Parity
from pipeline.proof import Outcome, Proof, Proofs
from pipeline.sources.masking import OPEN
from pipeline.stack import verification

ROLLING = features.BUILT_IN[0]


def verified(
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
    runs: Iterator[str | Exception],
    only: Mapping[str, str] = EVERY_ROW,
    missing: int = 0,
) -> tuple[Any, Proof]:
    """Verify a job whose run is one after the other of these, begun with the topic of id 1."""

    def statuses(_: object) -> tuple[JobStatus, ...]:
        run = next(runs)
        if isinstance(run, Exception):
            raise run
        return (JobStatus("rolling", JobState.RUNNING, "topic", run=run),)

    endpoints = SimpleNamespace(kafka=KafkaSettings(bootstrap="kafka:9092"), flink=None)
    stack: Any = SimpleNamespace(
        endpoints=lambda: endpoints,
        jobs=lambda _: SimpleNamespace(statuses=statuses, topic_ids=lambda _: {"transaction": "1"}),
        rest=lambda _: None,
    )
    counts: dict[str, Any] = {each.name: 0 for each in fields(Parity)}
    more = {"name": "rolling", "equal": 7, "late_reason": "", "compacted": ()}
    more |= {"mismatches": (), "timeliness": None, "recreated": (), "missing": missing}
    parity = Parity(**counts | more)
    monkeypatch.setattr(verification, "verify", lambda *_, **__: parity)
    found = verification.verified(ROLLING, stack, lambda _: None, only)
    kept = KeptFindings(file.parent / "findings")
    return found.keep(Proofs(file), kept, OPEN, OPEN)


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
    found = KeptFindings(tmp_path / "findings").of("rolling")
    assert found is not None
    assert (found.at, found.run) == (proof.at, kept)


@pytest.mark.parametrize(
    ("id", "outcome"), [("1", Outcome.WRONG), ("2", Outcome.NOT_JUDGED), (None, Outcome.WRONG)]
)
def test_no_feature_is_blamed_for_a_topic_that_was_recreated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, id: str | None, outcome: Outcome
) -> None:
    now = {} if id is None else {"transaction": id}
    monkeypatch.setattr(verification, "topic_ids", lambda *_: now)
    runs: Iterator[str | Exception] = iter(["a@1", "a@1"])
    parity, proof = verified(monkeypatch, tmp_path / "proofs.json", runs, missing=3)
    assert parity.outcome is proof.outcome is outcome
    said = "transaction was deleted and created again" in "".join(parity.reasons)
    assert said is (outcome is Outcome.NOT_JUDGED)


def test_chosen_rows_are_not_kept_as_all_mismatches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    verified(monkeypatch, tmp_path / "proofs.json", iter(["a@1", "a@1"]), {"user_id": "7"})
    assert KeptFindings(tmp_path / "findings").of("rolling") is None
    with pytest.raises(InputError, match="amt is no column that identifies the rows of rolling"):
        verified(monkeypatch, tmp_path / "proofs.json", iter([]), {"amt": "7"})


def test_a_result_that_cannot_be_kept_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("in the way")
    _, proof = verified(monkeypatch, tmp_path / "file" / "proofs.json", iter(["a@1", "a@1"]))
    assert proof.rows == 7
    assert "the proof of rolling is not kept" in caplog.text
