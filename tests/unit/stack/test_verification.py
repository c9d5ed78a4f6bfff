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
from pipeline.model import JobState, JobStatus
from pipeline.parity.report import Parity
from pipeline.proof import Proof, Proofs
from pipeline.sources.masking import OPEN
from pipeline.stack import verification

ROLLING = features.BUILT_IN[0]


def verified(
    monkeypatch: pytest.MonkeyPatch,
    file: Path,
    runs: Iterator[str | Exception],
    only: Mapping[str, str] = EVERY_ROW,
) -> tuple[Any, Proof]:
    """Verify a job whose run is one after the other of these."""

    def statuses(_: object) -> tuple[JobStatus, ...]:
        run = next(runs)
        if isinstance(run, Exception):
            raise run
        return (JobStatus("rolling", JobState.RUNNING, "topic", run=run),)

    endpoints = SimpleNamespace(kafka=KafkaSettings(bootstrap="kafka:9092"), flink=None)
    stack: Any = SimpleNamespace(
        endpoints=lambda: endpoints,
        jobs=lambda _: SimpleNamespace(statuses=statuses),
        rest=lambda _: None,
    )
    counts: dict[str, Any] = {each.name: 0 for each in fields(Parity)}
    more = {"name": "rolling", "equal": 7, "late_reason": "", "compacted": ()}
    more |= {"mismatches": (), "timeliness": None}
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
